import type { Endpoints } from './endpoints-file.ts';
import type { SampleSearch } from './sample-search.ts';
import { showcase } from './samples/index.ts';

export interface Places {
  /** The file with the same addresses and keys. */
  readonly file: string;
  readonly logsDir: string;
  readonly workerMetricsUrl: string;
}

/** The table of addresses and keys that `npm start` prints, the file that holds the same, and where to look at what goes on. */
export function describeEndpoints(endpoints: Endpoints, places: Places): string {
  const rows: [string, string][] = [
    ['API', `${endpoints.apiUrl}/api/v1`],
    ['API documentation', endpoints.docsUrl],
    ['MCP, for agents', endpoints.mcpUrl],
    ...(endpoints.temporalUiUrl === null
      ? []
      : [['Temporal UI', endpoints.temporalUiUrl] satisfies [string, string]]),
    ['Temporal', endpoints.temporalAddress],
    ['OpenBao', endpoints.vaultUrl],
    ['PostgreSQL', endpoints.databaseUrl],
    ['Embedding server', endpoints.embeddingUrl],
    ['Key of an agent', endpoints.keys.agent],
    ['Key of an orchestrator', endpoints.keys.orchestrator],
    ['Key of a user', endpoints.keys.user],
    ["Superadmin's key", endpoints.adminKey],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [
    ...['', 'Lorekeep runs.', '', ...table, '', `  The same in ${places.file}`],
    `  Logs in ${places.logsDir}; metrics at ${endpoints.apiUrl}/metrics and, of the worker, ${places.workerMetricsUrl}`,
  ].join('\n');
}

/** What a person may try who has just started it. */
export const nextSteps = [
  'To try next: the calls of README.md, section API.',
  '  Documents, reviews and merging take an Anthropic key of the tenant: PATCH /api/v1/tenants/me/llm-config {"api_key": …}',
].join('\n');

/** The question, the best article by meaning, and the best by keyword. */
export function describeSearch(search: SampleSearch): string {
  const asked = `\nA search by meaning: "${showcase.query}"`;
  if (search.kind === 'not_by_meaning') return `${asked}\n  was answered by keyword only (${search.reason})`;
  const { title, similarity, sharedWords, byKeyword } = search;
  const shared =
    sharedWords.length === 0
      ? 'not a word of the question is in the article'
      : `in common: ${sharedWords.join(', ')}`;
  return [
    asked,
    `  finds  "${title}"`,
    `  (similarity ${similarity.toFixed(2)}; ${shared})`,
    `  A search by keyword finds ${byKeyword === undefined ? 'nothing' : `"${byKeyword}"`}.`,
  ].join('\n');
}
