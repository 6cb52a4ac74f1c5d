import type { PlantedFault } from './planted-fault.ts';

const tools = ['test/api/mcp/tools.test.ts'];
const endpoint = ['test/api/mcp/endpoint.test.ts'];
const long = ['test/api/mcp/long-answers.test.ts'];
const ingestion = ['test/api/mcp/ingestion.test.ts'];
const pageStart = ['test/unit/mcp/page-start.test.ts'];
const origin = ['test/unit/http/mcp-origin.test.ts'];

/** Faults in what agents reach over MCP. */
export const mcpFaults: readonly PlantedFault[] = [
  {
    file: 'src/mcp/dispatched-calls.ts',
    find: 'limited ?? deps.refusalOf(request.actor, route) ?? deps.dispatch',
    replace: 'limited ?? deps.dispatch',
    why: 'a tool does what the role of its key may not',
    tests: [...endpoint, ...tools],
  },
  {
    file: 'src/mcp/dispatched-calls.ts',
    find: 'calls > 1 ? await deps.countCall(request.actor) : undefined',
    replace: 'undefined',
    why: 'a batch of calls counts as one',
    tests: endpoint,
  },
  {
    file: 'src/mcp/serve-request.ts',
    find: 'Array.isArray(body) && body.length > maxBatch',
    replace: 'Array.isArray(body) && body.length > maxBatch * 1_000',
    why: 'a batch of any length is worked off',
    tests: endpoint,
  },
  {
    file: 'src/mcp/serve-request.ts',
    find: 'const refused = refuseBody(post);',
    replace: 'const refused = refuseBody({ ...post, body: null });',
    why: 'a body that no parser of ours has judged goes to the library',
    tests: endpoint,
  },
  {
    file: 'src/mcp/serve-request.ts',
    find: 'route.method === method && route.path === path && deps.refusalOf(post.actor, route) === undefined,',
    replace: 'route.method === method && route.path === path,',
    why: 'tools are listed that the key may not use',
    tests: tools,
  },
  {
    file: 'src/mcp/tool-result.ts',
    find: '{ content: [textOf(words)], structuredContent: { ...data } }',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: '{ content: [textOf(`${words} ${JSON.stringify(data)}`)], structuredContent: { ...data } }',
    why: 'an answer stands twice, in text and in structure',
    tests: tools,
  },
  {
    file: 'src/mcp/tool-result.ts',
    find: 'next_step: nextStep, ',
    replace: '',
    why: 'a refusal does not say what to do',
    tests: [...tools, ...ingestion],
  },
  {
    file: 'src/mcp/answer-bound.ts',
    find: 'if (left < 0) break;',
    replace: '',
    why: 'entries of any length are answered',
    tests: long,
  },
  {
    file: 'src/mcp/text-page.ts',
    find: 'jsonTokens(rest) <= bounds.maxTokens ? rest : beginningOf(rest, bounds.maxTokens)',
    replace: 'rest',
    why: 'a page of a text is longer than an answer may be',
    tests: long,
  },
  {
    file: 'src/mcp/text-page.ts',
    find: 'at > 0 ? at - 1 : at',
    replace: 'at > 0 ? at : at',
    why: 'a page begins within a character',
    tests: pageStart,
  },
  {
    file: 'src/mcp/resources.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: "const title = page.offset === 0 ? `# ${data.title}\\n\\n` : '';",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: 'const title = `# ${data.title}\\n\\n`;',
    why: 'each page of an article begins with its title',
    tests: long,
  },
  {
    file: 'src/mcp/resources.ts',
    find: "throw answer.code === 'not_found' ? new ResourceNotFoundError(uri) : protocolError(answer);",
    replace: 'throw protocolError(answer);',
    why: 'a resource that is not there is a fault of the server',
    tests: long,
  },
  {
    file: 'src/mcp/tools/search.ts',
    find: 'notice: degradedNotice(meta),',
    replace: 'notice: undefined,',
    why: 'a search by words alone does not say so',
    tests: tools,
  },
  {
    file: 'src/mcp/tools/write-articles.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: '...(revision === undefined ? {} : { headers: { \'if-match\': `"${revision}"` } }),',
    replace: '...(revision === undefined ? {} : {}),',
    why: 'an agent overwrites what another has changed',
    tests: tools,
  },
  {
    file: 'src/mcp/tools/ingestion.ts',
    find: 'const isOld = answer.status === 200;',
    replace: 'const isOld = answer.status === 202;',
    why: 'a document that was given before is called a new one',
    tests: ingestion,
  },
  {
    file: 'src/http/mcp-origin.ts',
    find: 'return loopbackNames.includes(given.hostname) && given.host === host;',
    replace: 'return given.host === host;',
    why: 'a page of another site reaches the service by DNS rebinding',
    tests: origin,
  },
  {
    file: 'src/http/mcp-origin.ts',
    find: "if (given.origin === 'null') return false;",
    replace: "if (given.origin === 'null') return true;",
    why: 'a page without an origin is trusted',
    tests: origin,
  },
];
