import type { InputStyle } from '../../domain/provider-target.ts';

/** Models that were trained with the same words before a text. */
export interface ModelFamily {
  readonly family: string;
  /** What the names of its models have in common, whatever an organisation or a tag around them is. */
  readonly names: RegExp;
  readonly style: InputStyle;
}

const prefix = (query: string, passage: string): InputStyle => ({ kind: 'prefix', query, passage });
const none: InputStyle = { kind: 'none' };

const representSentence = prefix('Represent this sentence for searching relevant passages: ', '');
const instruct = prefix(
  'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
  '',
);

/** The families, the narrower before the wider: the first that fits counts. */
export const modelFamilies: readonly ModelFamily[] = [
  { family: 'E5 with instructions', names: /e5-.*-?instruct/, style: instruct },
  {
    family: 'E5',
    names: /(^|[/_-])(multilingual-)?e5-(small|base|large)/,
    style: prefix('query: ', 'passage: '),
  },
  { family: 'BGE-M3', names: /bge-m3/, style: none },
  { family: 'BGE with instructions', names: /bge-(en-icl|multilingual-gemma2)/, style: none },
  {
    family: 'BGE in Chinese',
    names: /bge-(small|base|large)-zh/,
    style: prefix('为这个句子生成表示以用于检索相关文章：', ''),
  },
  { family: 'BGE in English', names: /bge-(small|base|large)/, style: representSentence },
  {
    family: 'Nomic for code',
    names: /nomic-embed-code/,
    style: prefix('Represent this query for searching relevant code: ', ''),
  },
  { family: 'Nomic', names: /nomic-embed-text/, style: prefix('search_query: ', 'search_document: ') },
  { family: 'mxbai', names: /mxbai-embed/, style: representSentence },
  { family: 'Arctic 2', names: /arctic-embed(2|.*-v2)/, style: prefix('query: ', '') },
  { family: 'Arctic', names: /arctic-embed/, style: representSentence },
  { family: 'Qwen3', names: /qwen3-embedding/, style: instruct },
  {
    family: 'EmbeddingGemma',
    names: /embedding-?gemma/,
    style: prefix('task: search result | query: ', 'title: none | text: '),
  },
  {
    family: 'Jina 3',
    names: /jina-embeddings-v3/,
    style: prefix(
      'Represent the query for retrieving evidence documents: ',
      'Represent the document for retrieval: ',
    ),
  },
  { family: 'Jina 4', names: /jina-embeddings-v4/, style: prefix('Query: ', 'Passage: ') },
];

/** How models of this name learn the side of a text, where the server puts nothing before it. */
export function styleOfModel(model: string): InputStyle {
  const name = model.toLowerCase();
  return modelFamilies.find(({ names }) => names.test(name))?.style ?? none;
}
