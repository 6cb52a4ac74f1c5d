import { eventually } from '../../support/running-service.ts';
import { startWebServer } from '../../support/web-server.ts';
import type { ComposedService } from '../composed-service.ts';
import type { LeakingTenant } from './leaking-tenants.ts';

/** A tenant's text, its file, a stranger's page, a text that the model refuses, a review and an article without a category. */
export async function useEverything(service: ComposedService, tenant: LeakingTenant): Promise<void> {
  const { secrets, keys } = tenant;
  const { orchestrator } = keys;
  await tenant.setAnthropicKey(secrets.key);
  const article = { title: `On ${secrets.modelWords}`, body: `It says ${secrets.modelWords}.` };
  service.twin.answer(secrets.key, ({ schema, prompt }) =>
    JSON.stringify(schema).includes('confidence')
      ? { category: 'pattern', confidence: 0.9 }
      : {
          articles: [{ ...article, body: `${article.body} ${prompt.length}`, category: 'pattern', tags: [] }],
        },
  );
  service.twin.script(secrets.key, [], {
    kind: 'by',
    step: (inputs) =>
      inputs.join().includes('not to be answered')
        ? { kind: 'ok', stopReason: 'refusal', says: secrets.refusal }
        : { kind: 'ok' },
  });
  const page = await startWebServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'x-words': secrets.serverWords });
    response.end(`A page that says ${secrets.serverWords}.`);
  });
  const gone = await startWebServer((_, response) => response.writeHead(500).end(secrets.serverWords));
  const urlOf = ({ port }: { readonly port: number }) =>
    `http://docs.example:${port}/page?token=${secrets.token}`;
  const ingest = async (body: object) =>
    (await service.call(orchestrator, 'POST', '/knowledge/ingest', { source_type: 'note', ...body })).data.id;

  const jobs = [
    await ingest({ content: `A text that says ${secrets.text}.`, title: secrets.title }),
    await ingest({ content: `A text that is not to be answered: ${secrets.text}`, title: secrets.title }),
    await ingest({ url: urlOf(page), title: secrets.title }),
    await ingest({ url: urlOf(gone) }),
  ];
  const { data: uploaded } = await service.upload(orchestrator, '/knowledge/ingest', {
    ...{ fields: { source_type: 'file' }, name: `${secrets.fileName}.txt` },
    bytes: `A file that says ${secrets.text}.`,
  });
  const { data: review } = await service.call(orchestrator, 'POST', '/reviews', {
    ...{ review_type: 'incident', summary: 'The login was away.' },
    findings: [{ title: 'No alert', body: `The check asked ${secrets.finding}.` }],
  });
  await service.call(keys.agent, 'POST', '/articles', {
    ...{ title: 'Without a category', body: 'Some text.', category: null, force: true },
  });

  for (const id of [...jobs, uploaded.id])
    await untilEnded(service, orchestrator, `/knowledge/ingestion-jobs/${id}`, ({ status }) => status);
  await untilEnded(service, orchestrator, `/reviews/${review.id}`, ({ extraction }) => extraction.status);
  page.close();
  gone.close();
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
type Read = any;

async function untilEnded(
  service: ComposedService,
  key: string,
  path: string,
  statusOf: (data: Read) => string,
): Promise<void> {
  await eventually(async () => {
    const { data } = await service.call(key, 'GET', path);
    return ['queued', 'running'].includes(statusOf(data)) ? undefined : true;
  }, 120_000);
}
