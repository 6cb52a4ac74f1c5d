import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenBound } from '../../../src/domain/token-bound.ts';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import type { VendorRerank } from '../../../src/providers/catalogue/vendor.ts';
import { listedVendors } from '../../../src/providers/catalogue/vendors.ts';
import {
  documentsToSend,
  rerankBody,
  rerankTokens,
  rerankUrl,
} from '../../../src/providers/rerank/rerank-request.ts';

const ofVendor = (wanted: string): VendorRerank => {
  const rerank = listedVendors.find(({ name }) => name === wanted)?.rerank;
  if (!rerank) throw new Error(`${wanted} has no reranking`);
  return rerank;
};
const bounds = { maxDocuments: 64, maxRequestTokens: 100_000 };

describe('a request for reranking', () => {
  it.each([
    ['cohere', 'https://api.cohere.ai/compatibility/v1', 'https://api.cohere.ai/v2/rerank'],
    ['cohere', 'https://api.cohere.com/compatibility/v1', 'https://api.cohere.com/v2/rerank'],
    ['voyage', 'https://api.voyageai.com/v1', 'https://api.voyageai.com/v1/rerank'],
    ['jina', 'https://api.jina.ai/v1', 'https://api.jina.ai/v1/rerank'],
    // The installation's own provider may be behind a gateway.
    ['jina', 'https://gateway.example.com/jina/v1/', 'https://gateway.example.com/jina/v1/rerank'],
    ['voyage', 'https://gateway.example.com/other', 'https://gateway.example.com/v1/rerank'],
  ])('of %s at %s goes to %s', (vendor, baseUrl, expected) => {
    expect(rerankUrl(baseUrl, ofVendor(vendor))).toBe(expected);
  });

  it.each([
    ['cohere', { max_tokens_per_doc: 500 }],
    ['voyage', { return_documents: false, truncation: true }],
    ['jina', { return_documents: false }],
  ])('of %s has the fields that its vendor takes, and no other', (vendor, fields) => {
    expect(rerankBody('m', 'q', ['a', 'b'], ofVendor(vendor))).toEqual({
      ...{ model: 'm', query: 'q', documents: ['a', 'b'] },
      ...fields,
    });
  });

  it('costs at most the query with each text, and of a text what is read', () => {
    const asked = rerankTokens('four', ['a'.repeat(100), 'b'], { maxDocumentTokens: null }, tokenBound);
    expect(asked).toBe(2 * (4 + 8) + 100 + 8 + 1 + 8);
    expect(rerankTokens('four', ['a'.repeat(100)], { maxDocumentTokens: 10 }, tokenBound)).toBe(12 + 10 + 8);
  });
});

describe('the texts of a request', () => {
  it('are the first that the vendor takes', () => {
    const texts = Array.from({ length: 70 }, (_, index) => `text ${index}`);
    expect(documentsToSend('q', texts, bounds)).toEqual(texts.slice(0, 64));
    expect(documentsToSend('q', texts, { ...bounds, maxRequestTokens: 60 }).length).toBeLessThan(4);
  });

  it.each([
    ['prose', 'The lock is taken before the row is read. '.repeat(300)],
    ['one letter', 'a'.repeat(500_000)],
    ['letters of a script without blanks', '測試文章的內容'.repeat(5_000)],
    ['combining marks', '\u0301'.repeat(500_000)],
    ['emoji', '🦉'.repeat(100_000)],
  ])('are cut to their bounds: %s', (_, text) => {
    const [document = ''] = documentsToSend('q', [text], bounds);
    expect(document.length).toBeGreaterThan(50);
    // One vendor refuses texts of more than 2,048 characters.
    expect(document.length).toBeLessThanOrEqual(1_500);
    expect(estimateTokens(document)).toBeLessThanOrEqual(405);
    expect(document).not.toMatch(/\p{Surrogate}/u);
  });

  it('stay within the tokens of a request, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 500 }),
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3_000 }), { maxLength: 60 }),
        (query, texts) => {
          const documents = documentsToSend(query, texts, { maxDocuments: 50, maxRequestTokens: 20_000 });
          expect(documents.length).toBeLessThanOrEqual(50);
          const cost = rerankTokens(query, documents, { maxDocumentTokens: null }, estimateTokens);
          expect(cost).toBeLessThanOrEqual(20_000 + documents.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
