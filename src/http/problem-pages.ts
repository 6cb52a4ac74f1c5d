import { Router } from 'express';
import { failureTraits, isFailureCode } from '../domain/failures.ts';
import {
  type ProblemCode,
  problem,
  problemCodes,
  problemPath,
  problemTraits,
} from '../platform/http/problem.ts';
import { send } from './send.ts';

const actors = {
  tenant: 'The tenant',
  provider: 'The provider',
  author: 'The author of the text',
  operator: 'The operator of this service',
  wait: 'Time alone mends it',
} as const;

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
  <body>
${body}
  </body>
</html>
`;

/** What a code's page says beyond the table of failures. */
const more: Partial<Record<ProblemCode, string>> = {
  address_forbidden:
    "The operator's PROVIDER_URLS is 'listed' (the addresses of the listed providers), 'public' (any https address whose host leads to public addresses only; the default) or 'any' (http and private addresses too). Other addresses are refused when they are set, and again at each connection. The provider of the installation is always allowed.",
};

function explanationOf(code: ProblemCode): string {
  const { status, title } = problemTraits(code);
  const guidance = isFailureCode(code)
    ? `    <dl>
      <dt>Who acts</dt><dd>${escapeHtml(actors[failureTraits[code].who])}</dd>
      <dt>What to do</dt><dd>${escapeHtml(failureTraits[code].nextStep)}</dd>
    </dl>
`
    : '    <p>The <code>detail</code> of the answer says what to change in the request.</p>\n';
  return page(
    code,
    `    <h1><code>${code}</code></h1>
    <p>${escapeHtml(title)}. As the answer to a request it has the status ${status}.</p>
${guidance}${more[code] === undefined ? '' : `    <p>${escapeHtml(more[code])}</p>\n`}    <p><a href="${problemPath}">All codes</a></p>`,
  );
}

/** The pages to which the `type` of a problem leads: one for each code, and a list of them. They need no key. */
export function problemPages(): Router {
  const pages = new Map<string, string>(problemCodes.map((code) => [code, explanationOf(code)]));
  const items = problemCodes.map(
    (code) =>
      `      <li><a href="${problemPath}/${code}"><code>${code}</code></a>: ${escapeHtml(problemTraits(code).title)}</li>`,
  );
  const list = page('Codes', `    <h1>Codes</h1>\n    <ul>\n${items.join('\n')}\n    </ul>`);
  const router = Router();
  router.get('/', (_request, response) => {
    response.type('html').send(list);
  });
  router.get('/:code', (request, response) => {
    const found = pages.get(request.params.code);
    if (found === undefined) return send(request, response, problem('not_found', 'There is no such code.'));
    response.type('html').send(found);
    return undefined;
  });
  return router;
}
