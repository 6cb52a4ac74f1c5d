import type { Request, Response } from 'express';
import { type Problem, problemMembers } from '../platform/http/problem.ts';
import type { Reply } from '../platform/http/route.ts';
import { jsonSlices } from './json-slices.ts';
import { contextOf, pathOf } from './request-context.ts';
import { writeSlices } from './write-slices.ts';

/**
 * Writes a reply or a problem, unless an answer was sent or the client has disconnected. Express's `json` is not used, since it
 * turns an ETag into a 304, which no route declares.
 */
export async function send(request: Request, response: Response, answer: Reply | Problem): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.kind === 'problem') {
    const document = problemDocument(request, response, answer);
    await sendJson(response, document.status, document, 'application/problem+json');
  } else if (answer.body === undefined) {
    response.writeHead(answer.status).end();
  } else {
    await sendJson(response, answer.status, answer.body, 'application/json; charset=utf-8');
  }
}

/** The document of a problem, in the form of RFC 9457. */
function problemDocument(request: Request, response: Response, { code, detail, errors }: Problem) {
  return {
    ...problemMembers(code),
    detail,
    instance: contextOf(response).answers.instanceOf(pathOf(request)),
    ...(errors ? { errors } : {}),
  };
}

/** Serializes a body once that is sent often. */
export function prepareJson(body: unknown): (response: Response) => Promise<void> {
  const prepared = jsonSlices(body);
  return async (response) => sendSlices(response, 200, await prepared, 'application/json; charset=utf-8');
}

async function sendJson(
  response: Response,
  status: number,
  body: unknown,
  contentType: string,
): Promise<void> {
  await sendSlices(response, status, await jsonSlices(body), contentType);
}

async function sendSlices(
  response: Response,
  status: number,
  slices: readonly Buffer[],
  contentType: string,
): Promise<void> {
  if (response.destroyed) return;
  const length = slices.reduce((bytes, slice) => bytes + slice.length, 0);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': length });
  await writeSlices(response, slices, contextOf(response).answers.timeoutMs);
}
