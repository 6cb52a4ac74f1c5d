import { hangulLines, vocabularyWords } from './texts.ts';

export interface AttackRequest {
  readonly method: 'GET' | 'POST';
  /** Below the API's address; one that begins with `//` is beside the API, and open to everybody. */
  readonly path: string;
  readonly body?: unknown;
}

/** What a tenant does that its neighbour must not notice. */
export interface Attack {
  /** A case of the list in docs/benchmarks.md. */
  readonly case: string;
  readonly name: string;
  /** How long the tenant's provider takes, where it has one. */
  readonly providerDelayMs?: number;
  /** Articles that it has from the start, written past the service. */
  readonly articles?: { readonly count: number; body(serial: number): string };
  /** Clients that send one request after the other. */
  readonly clients: number;
  /** Requests of all clients together; without an end where nothing is said. */
  readonly requests?: number;
  /** How fast each client reads its answers. */
  readonly bytesPerSecond?: number;
  request(serial: number): AttackRequest;
}

const write = (serial: number, body: string): AttackRequest => ({
  method: 'POST',
  path: '/articles',
  body: { title: `Attack ${serial}`, body, category: 'finding', force: true },
});
const vocabulary = 3_000;
const searchWords = 24;

export const attacks: readonly Attack[] = [
  {
    case: '1',
    name: 'articles built against the chunker',
    providerDelayMs: 0,
    clients: 2,
    request: (serial) => write(serial, hangulLines(4_000, serial)),
  },
  {
    case: '2',
    name: 'articles built against the text parser',
    clients: 22,
    request: (serial) => write(serial, `${serial} ${'~/'.repeat(5_500)}`),
  },
  {
    case: '3',
    name: 'sixty searches at once in 30,000 articles',
    articles: {
      count: 30_000,
      body: (serial) => vocabularyWords(60, vocabulary, serial).join(' '),
    },
    clients: 60,
    request(serial) {
      const q = vocabularyWords(searchWords, vocabulary, serial + 1_000_000).join(' ');
      return {
        method: 'GET',
        path: `/knowledge/search?${new URLSearchParams({ mode: 'keyword', q })}`,
      };
    },
  },
  {
    case: '6',
    name: 'sixty articles whose provider answers after 25 s',
    providerDelayMs: 25_000,
    clients: 20,
    requests: 60,
    request: (serial) => write(serial, `Words that wait for their vector, ${serial} of many.`),
  },
  {
    case: '7',
    name: 'pages of long articles, read slowly by twelve clients',
    articles: { count: 100, body: () => '長い文章。'.repeat(98_000) },
    clients: 12,
    bytesPerSecond: 200_000,
    request: () => ({ method: 'GET', path: '/articles?limit=100' }),
  },
  {
    case: '12',
    name: 'sixty connections that ask for readiness without a key',
    clients: 60,
    request: () => ({ method: 'GET', path: '//readyz' }),
  },
];
