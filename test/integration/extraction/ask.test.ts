import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import { DatabaseUnavailable } from '../../../src/platform/postgres/unavailable.ts';
import { documentOf, factsOfExtraction, written } from '../../support/extraction.ts';

const it = factsOfExtraction();

describe('an answer about a passage', () => {
  it('is bought once, and found by each later question', async ({ document, test }) => {
    document.saysOf([written(), written(), { title: 'No body' }]);
    const asked = await document.ask({ text: 'What the passage says.' });
    expect(asked).toEqual({
      kind: 'ok',
      answer: {
        kind: 'answered',
        articles: 2,
        inputTokens: expect.any(Number),
        outputTokens: expect.any(Number),
      },
    });
    expect(await document.ask()).toEqual(asked);
    const { database } = test.db;
    const { tenantId } = document.subject;
    const found = await database.withTenant(tenantId, (tx) =>
      test.services.extraction.find(tx, document.passage()),
    );
    expect({ kind: 'ok', answer: found }).toEqual(asked);
    expect(document.asked().map(({ inputs }) => inputs.at(-1))).toEqual([
      expect.stringContaining('What the passage says.'),
    ]);
  });

  it('is another one for another part, and for the same part of another tenant', async ({
    document,
    test,
    twin,
    modelKey,
  }) => {
    await document.ask();
    await document.ask({ part: 1 });
    const other = await test.createTenant();
    await other.setAnthropicKey(modelKey);
    const theirs = await documentOf(test, twin, other, modelKey);
    const passage = { subject: { ...theirs.subject, id: document.subject.id }, part: 0, half: 0 } as const;
    const { find, ask } = test.services.extraction;
    expect(await test.db.database.withTenant(other.id, (tx) => find(tx, passage))).toBeUndefined();
    const text = { title: null, path: [], text: 'A text.' };
    const asked = await ask({ passage, key: theirs.key, text, maxArticles: 1, apiKeyId: null });
    expect(asked).toMatchObject({ kind: 'ok' });
    expect(document.asked()).toHaveLength(3);
  });

  it('is bought once when fifty ask at a time, and then known to all', async ({
    document,
    twin,
    modelKey,
  }) => {
    let answer: () => void = () => undefined;
    const heldUntil = new Promise<void>((resolve) => {
      answer = resolve;
    });
    twin.script(modelKey, [{ kind: 'ok', heldUntil }]);
    const questions = Array.from({ length: 50 }, () => document.ask());
    const ended = Promise.allSettled(questions);
    await expect.poll(() => document.asked().length, inTime).toBe(1);
    // All but the buyer end while the provider is still silent.
    await expect(Promise.any(questions)).resolves.toEqual({ kind: 'claimed' });
    answer();
    const outcomes = (await ended).map((one) =>
      // On a busy machine a tenant may wait too long for its share of the connections.
      one.status === 'fulfilled' ? one.value.kind : z.instanceof(DatabaseUnavailable).parse(one.reason).name,
    );
    expect(outcomes).toContain('ok');
    expect(outcomes).not.toContain('failed');
    expect(await document.ask()).toMatchObject({ kind: 'ok' });
    expect(document.asked()).toHaveLength(1);
  });

  it('is not bought while the call of a process that died may still be answered, and then is', async ({
    document,
    test,
  }) => {
    const { tenantId, id } = document.subject;
    await test.db.rawAsOwner(
      `insert into extraction_answers (tenant_id, subject_kind, subject_id, part, call_id, claimed_until)
       values ($1, 'ingestion', $2, 0, $3, now() + interval '1 minute')`,
      [tenantId, id, randomUUID()],
    );
    expect(await document.ask()).toEqual({ kind: 'claimed' });
    expect(document.asked()).toHaveLength(0);
    await test.db.rawAsOwner(
      "update extraction_answers set claimed_until = now() - interval '1 second' where subject_id = $1",
      [id],
    );
    expect(await document.ask()).toMatchObject({ kind: 'ok' });
    expect(document.asked()).toHaveLength(1);
  });

  it('stands in the books under the document and the key of its author', async ({
    document,
    test,
    tenant,
  }) => {
    await document.ask({ apiKeyId: tenant.actor.keyId ?? '' });
    await test.services.usage.recordSubject(tenant.id, document.subject.id);
    const rows = await test.db.rawAsOwner(
      'select operation, source, api_key_id from usage_ledger where tenant_id = $1',
      [tenant.id],
    );
    expect(rows).toEqual([{ operation: 'extraction', source: 'workflow', api_key_id: tenant.actor.keyId }]);
  });
});

describe('an answer that cannot be used', () => {
  it.for([
    ['refusal', 'answer_refused'],
    ['max_tokens', 'answer_cut'],
  ] as const)(
    'because of %s is bought once: %s is final',
    async ([stopReason, code], { document, twin, modelKey }) => {
      twin.script(modelKey, [{ kind: 'ok', stopReason }]);
      expect(await document.ask()).toEqual({ kind: 'failed', code, final: true });
      expect(await document.ask()).toEqual({ kind: 'failed', code, called: false, final: true });
      expect(document.asked()).toHaveLength(1);
    },
  );

  it('because of its shape is bought once more and no further time', async ({
    document,
    twin,
    modelKey,
    test,
  }) => {
    twin.script(modelKey, [], { kind: 'ok', says: '{"articles": 7}' });
    const code = 'malformed_response';
    expect(await document.ask()).toEqual({ kind: 'failed', code, final: false });
    expect(await document.ask()).toEqual({ kind: 'failed', code, final: true });
    expect(await document.ask()).toEqual({ kind: 'failed', code, called: false, final: true });
    expect(document.asked()).toHaveLength(2);
    const { tenantId } = document.subject;
    const { find } = test.services.extraction;
    expect(await test.db.database.withTenant(tenantId, (tx) => find(tx, document.passage()))).toMatchObject({
      kind: 'unusable',
      tries: 2,
      inputTokens: document.asked().reduce((sum, { inputs }) => sum + tokensOf(inputs), 0),
    });
  });

  it('is followed by a usable one, whose cost is that of both', async ({ document, twin, modelKey }) => {
    twin.script(modelKey, [{ kind: 'ok', says: 'no JSON' }]);
    await document.ask();
    const asked = await document.ask();
    expect(asked).toMatchObject({ kind: 'ok', answer: { kind: 'answered' } });
    const cost = asked.kind === 'ok' ? asked.answer.inputTokens + asked.answer.outputTokens : 0;
    expect(cost).toBe(document.asked().reduce((sum, { tokens }) => sum + tokens, 0));
  });

  it('is asked for again once the passage is opened again', async ({ document, twin, modelKey, test }) => {
    twin.script(modelKey, [{ kind: 'ok', stopReason: 'refusal' }]);
    await document.ask();
    await test.db.database.withTenant(document.subject.tenantId, (tx) =>
      test.services.extraction.reopen(tx, document.subject),
    );
    expect(await document.ask()).toMatchObject({ kind: 'ok' });
  });
});

describe('a call that brings no answer', () => {
  it('leaves the passage open', async ({ document, twin, modelKey, test }) => {
    twin.script(modelKey, [{ kind: 'status', status: 500 }]);
    expect(await document.ask()).toMatchObject({ code: 'provider_unavailable', final: false });
    expect(
      await test.db.rawAsOwner('select 1 from extraction_answers where subject_id = $1', [
        document.subject.id,
      ]),
    ).toEqual([]);
    expect(await document.ask()).toMatchObject({ kind: 'ok' });
  });

  it('is not made without a key', async ({ document, tenant }) => {
    await tenant.setAnthropicKey(null);
    expect(await document.ask()).toEqual({ kind: 'failed', code: 'no_api_key', final: false });
    expect(document.asked()).toEqual([]);
  });
});

describe('the answers of a subject that has ended', () => {
  it('are deleted, and a late one is not stored', async ({ document, twin, modelKey, test }) => {
    const { subject } = document;
    const forget = () =>
      test.db.database.withTenant(subject.tenantId, (tx) => test.services.extraction.forget(tx, subject));
    await document.ask();
    let answer: () => void = () => undefined;
    const heldUntil = new Promise<void>((resolve) => {
      answer = resolve;
    });
    twin.script(modelKey, [{ kind: 'ok', heldUntil }]);
    const late = document.ask({ part: 1 });
    await expect.poll(() => document.asked().length, inTime).toBe(2);
    await forget();
    answer();
    expect(await late).toMatchObject({ kind: 'ok' });
    expect(
      await test.db.rawAsOwner('select 1 from extraction_answers where subject_id = $1', [subject.id]),
    ).toEqual([]);
  });
});

const inTime = { timeout: 20_000 };

/** As the twin counts them. */
const tokensOf = (inputs: readonly string[]) =>
  inputs.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
