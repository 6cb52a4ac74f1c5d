import { likelyTokens, type tokenBound, tokensAroundInput } from '../../domain/token-bound.ts';
import { estimateTokens } from '../../domain/tokens.ts';
import type { VendorRerank } from '../catalogue/vendor.ts';
import { withoutHalfPairs } from '../embedding/request-body.ts';

/** A text is cut to these: more tells a reranker little, one vendor refuses more than 2,048 characters, and another bills twice. */
const maxCharacters = 1_500;
const maxTokens = 400;

/** The texts as they are sent: the first of them, as many as the vendor takes, each cut to its bounds. */
export function documentsToSend(
  query: string,
  texts: readonly string[],
  { maxDocuments, maxRequestTokens }: Pick<VendorRerank, 'maxDocuments' | 'maxRequestTokens'>,
): readonly string[] {
  const forQuery = likelyTokens(query) + tokensAroundInput;
  const documents: string[] = [];
  let left = maxRequestTokens;
  for (const text of texts.slice(0, maxDocuments)) {
    const document = cut(text);
    left -= forQuery + likelyTokens(document) + tokensAroundInput;
    if (left < 0) break;
    documents.push(document);
  }
  return documents;
}

function cut(text: string): string {
  const beginning = text.slice(0, maxCharacters);
  const tokens = estimateTokens(beginning);
  const fitting = tokens > maxTokens ? Math.floor((beginning.length * maxTokens) / tokens) : beginning.length;
  return withoutHalfPairs(beginning.slice(0, fitting));
}

/** The tokens of a request, counted by `tokensOf` for a text: the query is read again with each document. */
export function rerankTokens(
  query: string,
  documents: readonly string[],
  { maxDocumentTokens }: Pick<VendorRerank, 'maxDocumentTokens'>,
  tokensOf: typeof tokenBound,
): number {
  const forQuery = tokensOf(query) + tokensAroundInput;
  return documents.reduce((sum, document) => {
    const read = Math.min(tokensOf(document), maxDocumentTokens ?? Number.POSITIVE_INFINITY);
    return sum + forQuery + read + tokensAroundInput;
  }, 0);
}

/** The body of a request. Scores are wanted for all documents, so no number of them is named. */
export function rerankBody(
  model: string,
  query: string,
  documents: readonly string[],
  { fields, maxDocumentTokens }: Pick<VendorRerank, 'fields' | 'maxDocumentTokens'>,
): Readonly<Record<string, unknown>> {
  const bound = maxDocumentTokens === null ? {} : { max_tokens_per_doc: maxDocumentTokens };
  return { model, query, documents, ...fields, ...bound };
}

/** The address of reranking, at the origin of the embeddings: the key is for no other. */
export function rerankUrl(baseUrl: string, { path }: Pick<VendorRerank, 'path'>): string {
  const url = new URL(baseUrl);
  const own = url.pathname.replace(/\/$/, '');
  const before = own.endsWith(path.ofEmbeddings) ? own.slice(0, -path.ofEmbeddings.length) : '';
  url.pathname = `${before}${path.ofReranking}`;
  return url.href;
}
