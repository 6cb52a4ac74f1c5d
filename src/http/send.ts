import type { Request, Response } from 'express';
import { type Problem, problemTraits } from '../platform/http/problem.ts';
import type { Reply } from '../platform/http/route.ts';
import { pathOf } from './request-context.ts';

/** Writes a reply or a problem. Not express's `json`: that one turns an ETag into a 304 that no route has declared. */
export function send(request: Request, response: Response, answer: Reply | Problem): void {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.kind === 'problem') {
    const document = problemDocument(request, answer);
    sendJson(response, document.status, document, 'application/problem+json');
  } else if (answer.body === undefined) {
    response.writeHead(answer.status).end();
  } else {
    sendJson(response, answer.status, answer.body, 'application/json; charset=utf-8');
  }
}

/** RFC 9457: what a client reads of a problem. */
function problemDocument(request: Request, { code, detail, errors }: Problem) {
  const { status, title } = problemTraits(code);
  return {
    type: `urn:lorekeep:problem:${code}`,
    title,
    status,
    detail,
    instance: pathOf(request),
    code,
    ...(errors ? { errors } : {}),
  };
}

/** Serializes once what is sent often. */
export function prepareJson(body: unknown): (response: Response) => void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  return (response) => sendBytes(response, 200, bytes, 'application/json; charset=utf-8');
}

function sendJson(response: Response, status: number, body: unknown, contentType: string): void {
  sendBytes(response, status, Buffer.from(JSON.stringify(body), 'utf8'), contentType);
}

function sendBytes(response: Response, status: number, bytes: Buffer, contentType: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': bytes.length }).end(bytes);
}
