import {
  classifyArticleWorkflowId,
  extractReviewWorkflowId,
  ingestContentWorkflowId,
} from '../../../src/domain/temporal-names.ts';
import type { TestTenant } from '../../support/test-services.ts';
import type { ComposedService } from '../composed-service.ts';

/** What a tenant's chat model is used for. */
export const uses = ['document', 'review', 'classification', 'merge'] as const;
export type Use = (typeof uses)[number];

/** Uses that a workflow works off, by the id of their workflow. */
export const workflowIdOf = {
  document: ingestContentWorkflowId,
  review: extractReviewWorkflowId,
  classification: classifyArticleWorkflowId,
} as const;

/** Whether the tenant waits for the answer itself. */
export const isMerge = (use: Use): use is 'merge' => use === 'merge';

/** Asks for a use, about a text with these words. Resolves with the id of what is worked off. */
export async function begin(
  service: ComposedService,
  tenant: TestTenant,
  use: Exclude<Use, 'merge'>,
  words: string,
): Promise<string> {
  const body = `What was learnt: ${words}.`;
  switch (use) {
    case 'document': {
      const { data } = await service.call(tenant.keys.orchestrator, 'POST', '/knowledge/ingest', {
        ...{ content: `# Title ${words}\n\n${body}`, title: `Given ${words}`, source_type: 'note' },
      });
      return data.id;
    }
    case 'review': {
      const { data } = await service.call(tenant.keys.orchestrator, 'POST', '/reviews', {
        review_type: 'incident',
        summary: `The login was away. ${words}`,
        findings: [{ title: `Finding ${words}`, body }],
      });
      return data.id;
    }
    case 'classification': {
      const { data } = await service.call(tenant.keys.agent, 'POST', '/articles', {
        ...{ title: `Article ${words}`, body, category: null, force: true },
      });
      return data.id;
    }
    default:
      return use satisfies never;
  }
}

/** Writes two articles with these words. Resolves with a merge of them, which answers with its status and code. */
export async function prepareMerge(
  service: ComposedService,
  tenant: TestTenant,
  words: string,
): Promise<() => Promise<string>> {
  const ids: string[] = [];
  for (const name of ['One', 'Two']) {
    const { data } = await service.call(tenant.keys.agent, 'POST', '/articles', {
      ...{ title: `${name} ${words}`, body: `${name} says ${words}.`, category: 'finding', force: true },
    });
    ids.push(data.id);
  }
  return async () => {
    const answer = await service.call(tenant.keys.orchestrator, 'POST', '/articles/merge', { ids });
    return answer.data === undefined ? `${answer.status} ${answer.code}` : '201';
  };
}
