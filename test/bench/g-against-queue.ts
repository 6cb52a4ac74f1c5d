import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import pg from 'pg';
import PgBoss from 'pg-boss';
import pgvector from 'pgvector/pg';
import { z } from 'zod';
import { slowTwinKey } from '../support/provider-twin.ts';
import type { BenchStack } from './bench-stack.ts';
import { writeAtOnce } from './c-articles-at-once.ts';
import { type Figure, figure } from './figure.ts';
import { sampleArticle } from './sample-articles.ts';
import { median } from './statistics.ts';

const articles = 300;
const connections = 20;
const rounds = 3;
const providerMs = 100;
/** What the script asks for in one request, as the service does. */
const batchSize = 16;
const scripts = 4;
const queue = 'articles';
const pollMs = 10;

const answer = z.object({ data: z.array(z.object({ embedding: z.array(z.number()) })) });

/** (g) The same articles with a provider of 100 ms, against a plain script on a queue in the same Postgres. */
export async function benchAgainstQueue(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  const embedded: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    log(`(g) ${articles} articles at once, provider of ${providerMs} ms: round ${round} of ${rounds} …`);
    const measured = await writeAtOnce(stack, `slow-${round}`, slowTwinKey(providerMs));
    const queuedMs = await runQueue(stack, round);
    if (round === 0) continue;
    embedded.push(measured.embeddedMs);
    floor.push(queuedMs);
  }
  const rate = (times: readonly number[]) => articles / (median(times) / 1_000);
  return [
    {
      ...figure({
        ...{
          bench: 'g',
          name: `${articles} articles at once, provider of ${providerMs} ms, against pg-boss`,
        },
        ...{ unit: '/s', measured: rate(embedded), floor: rate(floor) },
      }),
      bar: { atLeast: 0.6 },
    },
  ];
}

/** The floor: an insert and a job for each article; scripts that fetch jobs, ask the twin and store the vectors. */
async function runQueue(stack: BenchStack, round: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: stack.databaseOwnerUrl, max: connections });
  const boss = new PgBoss({ connectionString: stack.databaseOwnerUrl, schema: 'bare_queue' });
  boss.on('error', () => undefined);
  try {
    await boss.start();
    await boss.createQueue(queue);
    await pool.query(
      'create table if not exists bare_queued (id uuid primary key, title text, body text, embedding vector)',
    );
    const key = slowTwinKey(providerMs);
    const limit = pLimit(connections);
    let stored = 0;
    const startedAt = performance.now();
    const writes = Array.from({ length: articles }, (_, i) =>
      limit(async () => {
        const { title, body } = sampleArticle(`queued-${round}-${i}`);
        const id = randomUUID();
        await pool.query('insert into bare_queued (id, title, body) values ($1, $2, $3)', [id, title, body]);
        await boss.send(queue, { id });
      }),
    );
    const work = async () => {
      while (stored < articles) stored += await embedSome(stack, { pool, boss, key });
    };
    await Promise.all([...writes, ...Array.from({ length: scripts }, work)]);
    return performance.now() - startedAt;
  } finally {
    await boss.stop({ graceful: false });
    await pool.end();
  }
}

/** One batch of the script; returns how many articles it has embedded. */
async function embedSome(
  stack: BenchStack,
  { pool, boss, key }: { readonly pool: pg.Pool; readonly boss: PgBoss; readonly key: string },
): Promise<number> {
  const jobs = await boss.fetch<{ id: string }>(queue, { batchSize });
  if (jobs.length === 0) {
    await delay(pollMs);
    return 0;
  }
  const ids = jobs.map(({ data }) => data.id);
  const { rows } = await pool.query<{ id: string; title: string; body: string }>(
    'select id, title, body from bare_queued where id = any($1)',
    [ids],
  );
  const response = await fetch(`${stack.twinUrl}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model: 'twin-model',
      input: rows.map(({ title, body }) => `${title}\n\n${body}`),
      encoding_format: 'float',
    }),
  });
  const { data } = answer.parse(await response.json());
  await pool.query(
    `update bare_queued q set embedding = v.embedding::vector
       from unnest($1::uuid[], $2::text[]) as v(id, embedding) where q.id = v.id`,
    [rows.map(({ id }) => id), data.map(({ embedding }) => pgvector.toSql(embedding))],
  );
  await boss.complete(
    queue,
    jobs.map(({ id }) => id),
  );
  return jobs.length;
}
