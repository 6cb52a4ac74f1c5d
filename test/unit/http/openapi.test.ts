import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect } from 'vitest';
import { createOpenApiDocument } from '../../../src/http/openapi.ts';
import { tinyRoutes } from '../../support/tiny-app.ts';
import { factsOfTinyApp } from '../../support/tiny-app-facts.ts';

const it = factsOfTinyApp();
const document = createOpenApiDocument(tinyRoutes(), { version: '1.2.3' });

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone({ ...document }));
    expect(result).toMatchObject({ valid: true });
  });

  it('names the lowest role, where a reader and where a program looks', () => {
    const post = operation('/notes', 'post');
    expect(post?.['x-lowest-role']).toBe('orchestrator');
    expect(post?.description).toContain('`orchestrator`');
  });

  it('enumerates the codes of every status', () => {
    expect(Object.keys(operation('/notes', 'post')?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    const response = document.components?.responses?.MalformedJsonOrMalformedRequest;
    expect(JSON.stringify(response)).toContain('"enum":["malformed_json","malformed_request"]');
  });

  it('says that fields which are not in it are refused', () => {
    expect(operation('/notes', 'post')?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { additionalProperties: false } } },
    });
  });

  it('has the headers that a request may carry and an answer does', () => {
    expect(JSON.stringify(operation('/notes', 'post')?.parameters)).toContain('If-Match');
    expect(JSON.stringify(operation('/notes/{id}', 'get')?.responses)).toContain("The note's revision");
    expect(JSON.stringify(document.components?.responses?.RateLimited)).toContain('Retry-After');
    expect(JSON.stringify(document.components?.responses?.Unauthorized)).toContain('WWW-Authenticate');
  });
});

describe('the served pages', () => {
  it('has the document, open to all', async ({ app }) => {
    expect((await app.call('GET', '/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('shows it at /docs from this process alone, under a policy without exceptions for scripts', async ({
    app,
  }) => {
    const page = await fetch(`${app.url}/docs`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'self';img-src 'self' data:;base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).toMatch(/^\/docs\//);
      const asset = await fetch(app.url + source);
      expect(asset.status).toBe(200);
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(0);
    }
  });
});

function operation(path: string, method: 'get' | 'post' | 'delete') {
  return document.paths?.[path]?.[method];
}
