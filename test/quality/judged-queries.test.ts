import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLorekeepApi } from '../../src/stack/lorekeep-api.ts';
import { publishSamples, waitUntilEmbedded } from '../../src/stack/sample-articles.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';
import type { Kind } from './judged-queries.ts';
import { type Measured, measureJudgedQueries } from './judged-queries-measurement.ts';
import { patientVariables } from './judged-queries-run.ts';
import { describeMeasured } from './judged-queries-table.ts';

let service: RunningService;
let tenant: TestTenant;
let measured: readonly Measured[];
const of = (kind: Kind) => measured.filter((each) => each.kind === kind);

beforeAll(async () => {
  service = await startService({ ...patientVariables, EMBEDDING_BATCH_CHUNKS: '1' });
  tenant = await service.createTenant('local-model-takes-any-key');
  await service.startWorker();
  const api = createLorekeepApi(service.apiUrl);
  await publishSamples(api, tenant.keys.user);
  await waitUntilEmbedded(api, tenant.keys.user, { deadlineMs: 900_000, onProgress: () => undefined });
  measured = await measureJudgedQueries(api, tenant.keys.agent);
  process.stderr.write(`${describeMeasured(measured)}\n`);
}, 1_200_000);

afterAll(() => service?.close());

describe('the judged queries', () => {
  it('share no word with the answer where they are paraphrases', async () => {
    const rows = await service.db.rawAsOwner(
      `select p.q, array_agg(w) as words from unnest($1::text[], $2::text[]) as p(q, slug)
         join articles a on a.metadata->>'sample' = p.slug
         cross join lateral unnest(tsvector_to_array(to_tsvector('english', p.q))) w
        where w = any(tsvector_to_array(a.search)) group by 1`,
      [
        of('paraphrases').flatMap(({ q, grades }) =>
          Object.keys(grades)
            .filter((s) => grades[s] === 3)
            .map(() => q),
        ),
        of('paraphrases').flatMap(({ grades }) => Object.keys(grades).filter((s) => grades[s] === 3)),
      ],
    );
    expect(rows).toEqual([]);
  });
});
