import { echoFields, fieldFields, messageFields, quotaFields, wordFields } from './refusal-fields.ts';

/** What is read of the body of a refusal. Nothing of it is kept beyond its classification. */
export interface RefusalBody {
  /** Codes, types and reasons in one spelling (see `spellWord`), the most precise first. */
  readonly words: readonly string[];
  /** The beginnings of the sentences for people, the outermost first. */
  readonly messages: readonly string[];
  /** The fields of the request that the body names as wrong, such as `dimensions`. */
  readonly fields: readonly string[];
  /** The names of the quotas that are used up, as Google gives them. */
  readonly quotas: readonly string[];
  /** A status that the body holds as a number, such as `{"error": {"code": 401}}`. */
  readonly status: number | undefined;
  /** How long to wait by the body, such as `"retryDelay": "34s"`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Bounds of the walk. Real bodies are far below them; a hostile one costs no more than they allow. */
const maxDepth = 8;
const maxNodes = 400;
const maxWordCharacters = 100;
/** Only the beginning of a message counts, because the rest may quote an article. */
const maxMessageCharacters = 300;
const maxEmbeddedCharacters = 16_384;
const maxEmbedded = 4;

/** A code, type or reason: one word, so that no sentence is taken for one. */
const wordShape = /^[\w.:/-]{1,80}$/;

/** One spelling for `API_KEY_INVALID`, `ApiKeyInvalid` and `api-key-invalid`. */
export const spellWord = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * Reads the body of a refusal, parsed or as text: objects and arrays at any depth up to the bounds. Every value has a result.
 */
export function readRefusalBody(body: unknown): RefusalBody {
  const words: { readonly rank: number; readonly word: string }[] = [];
  const messages: string[] = [];
  const fields: string[] = [];
  const quotas: string[] = [];
  let status: number | undefined;
  let retryAfterMs: number | undefined;
  let nodes = 0;
  let embedded = 0;

  // Breadth first, so that a body with many nested parts is read where its vendor says most.
  const queue: { readonly value: unknown; readonly field: string; readonly depth: number }[] = [
    { value: body, field: 'message', depth: 0 },
  ];
  const readText = (text: string, field: string, depth: number) => {
    const rank = wordFields.indexOf(field);
    if (rank >= 0 && wordShape.test(text)) words.push({ rank, word: spellWord(text) });
    if (fieldFields.has(field)) fields.push(text.slice(0, maxWordCharacters));
    if (quotaFields.has(field)) quotas.push(text.slice(0, maxMessageCharacters));
    if (field === 'retrydelay') retryAfterMs ??= readSeconds(text);
    if (!messageFields.has(field)) return;
    const inner = embedded < maxEmbedded ? parseEmbedded(text) : undefined;
    if (inner === undefined) {
      messages.push(text.slice(0, maxMessageCharacters).trim());
      // `{"detail": "quota_exceeded"}`: a message of one word is a code.
      if (rank < 0 && wordShape.test(text)) words.push({ rank: wordFields.length, word: spellWord(text) });
      return;
    }
    embedded += 1;
    queue.push({ value: inner, field, depth: depth + 1 });
  };

  for (let next = queue.shift(); next !== undefined && nodes < maxNodes; next = queue.shift()) {
    nodes += 1;
    const { value, field, depth } = next;
    if (typeof value === 'string') readText(value, field, depth);
    else if (typeof value === 'number') {
      const rank = wordFields.indexOf(field);
      if (rank >= 0) words.push({ rank, word: String(value) });
    } else if (typeof value === 'object' && value !== null && depth < maxDepth) {
      if (Array.isArray(value)) {
        for (const item of value.slice(0, maxNodes)) queue.push({ value: item, field, depth: depth + 1 });
      } else {
        let entries = 0;
        for (const [name, inner] of Object.entries(value)) {
          entries += 1;
          if (entries > maxNodes) break;
          const spelt = spellWord(name.slice(0, maxWordCharacters));
          if (echoFields.has(spelt) && !isErrorOf(spelt, inner)) continue;
          queue.push({ value: inner, field: spelt, depth: depth + 1 });
        }
      }
    }
    if (['code', 'status', 'statuscode', 'errorcode'].includes(field)) status ??= readStatus(value);
  }

  return {
    words: words.sort((a, b) => a.rank - b.rank).map(({ word }) => word),
    messages,
    fields,
    quotas,
    status,
    retryAfterMs,
  };
}

/** `body` is the error itself where a gateway wraps it: then it is an object with an error in it, and no request. */
const isErrorOf = (field: string, value: unknown) =>
  (field === 'body' || field === 'request') &&
  typeof value === 'object' &&
  value !== null &&
  'error' in value;

function readStatus(value: unknown): number | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  return /^[45]\d\d$/.test(text) ? Number(text) : undefined;
}

function readSeconds(text: string): number | undefined {
  const [, seconds] = /^(\d{1,6}(?:\.\d{1,9})?)s$/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/**
 * Parses a body inside a message, as proxies hand one on: the whole message, or what follows the name of an error
 * (`BadRequestError: VertexAIException - {…}`). An article that is quoted in a message has neither form.
 */
function parseEmbedded(text: string): unknown {
  if (text.length > maxEmbeddedCharacters) return undefined;
  const [, json] =
    /^(?:[\w.]{0,60}(?:Error|Exception)\b[\w.: -]{0,120})?\s*(?:b')?([{[][\s\S]*[}\]])'?\s*$/.exec(text) ??
    [];
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
