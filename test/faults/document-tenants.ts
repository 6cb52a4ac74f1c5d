import { randomUUID } from 'node:crypto';
import type { TwinQuestion } from '../support/twin-answer.ts';
import { canaryKey } from './canaries.ts';
import type { RealService } from './real-service.ts';
import { setKeys } from './tenants.ts';

/** A tenant with a key for its model and none for vectors, so that every call of it is about a document, a review or a merge. */
export interface DocumentTenant {
  readonly id: string;
  readonly modelKey: string;
  readonly keys: Readonly<Record<'agent' | 'orchestrator' | 'user', string>>;
}

/** Makes a tenant whose model writes two articles about each part, named by its section. */
export async function createDocumentTenant(service: RealService): Promise<DocumentTenant> {
  const slug = `t-${randomUUID()}`;
  const created = await service.call(service.adminKey, 'POST', '/admin/tenants', { slug, name: slug });
  if (created.status !== 201) throw new Error(`the tenant was not made: ${JSON.stringify(created)}`);
  const { tenant, keys } = created.body.data;
  const modelKey = canaryKey();
  service.canaries.push(modelKey);
  service.twin.answer(modelKey, twoEach);
  await setKeys(
    service,
    { id: tenant.id, keys, embeddingKey: '', anthropicKey: modelKey },
    { api_key: modelKey },
  );
  return { id: tenant.id, keys, modelKey };
}

/** The parts of `sixParts`. */
export const parts = 6;

/** A document of six parts, as each section is nearly as long as a part may be. */
export const sixParts = Array.from(
  { length: parts },
  (_, number) => `# Section ${number}\n\n${`Words of section ${number}, one after the other. `.repeat(200)}`,
).join('\n\n');

/** A review of one passage. */
export const review = {
  review_type: 'incident',
  summary: 'Words of section 0, in a review.',
  findings: [{ title: 'A finding', body: 'A certificate had expired.' }],
};

function twoEach({ prompt }: TwinQuestion) {
  const section = /of section (\d)/.exec(prompt)?.[1] ?? 'nothing';
  const article = (which: string) => ({
    ...{ title: `${which} of ${section}`, body: `What the ${which} of ${section} says.` },
    ...{ category: 'pattern', tags: [] },
  });
  return { articles: [article('First'), article('Second')] };
}
