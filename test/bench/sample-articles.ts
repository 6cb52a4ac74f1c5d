import { createHash } from 'node:crypto';

export interface SampleArticle {
  readonly title: string;
  readonly body: string;
  readonly category: string;
  readonly tags: readonly string[];
  readonly status: 'published' | 'draft';
  /** Whether the proposal gate is left out: these articles are all alike, and it would keep one of them. */
  readonly force: boolean;
}

const sentences = [
  'A queue in front of a slow service hides the overload until the queue itself is what everybody waits for.',
  'The team measured the time from the commit to the answer and found most of it in a lock nobody had named.',
  'Every retry needs a budget, or three layers of three tries turn one request into twenty-seven.',
  'Replication lag is a property of the write that is read, so it is shown beside the figure and not in a footnote.',
  'We moved the check before the write, and the incident that had come back each quarter did not come back.',
  'An index that no query uses still costs each insert its share, and vacuum its night.',
  'Whoever reads this page at three in the morning wants the command first and the reasons second.',
  'The rollout stopped at ten percent because the error budget said so, not because somebody had to be brave.',
];

/** An article of about 240 words, one chunk of text; `serial` makes it and its words unlike all others. */
export function sampleArticle(serial: string, status: SampleArticle['status'] = 'published'): SampleArticle {
  return {
    title: `What the review of incident ${serial} taught us`,
    body: sampleBody(serial),
    category: 'finding',
    tags: ['benchmark', 'incident'],
    status,
    force: true,
  };
}

export function sampleBody(serial: string): string {
  const paragraph = (index: number) =>
    [...sentences.slice(index), ...sentences.slice(0, index)].slice(0, 4).join(' ');
  return `Incident ${serial}.\n\n${[0, 3, 6].map(paragraph).join('\n\n')}`;
}

const wordsOfStranger = 150;

/** An article of about the same length in words that nobody else uses: the proposal gate finds nothing like it. */
export function strangeArticle(serial: string): SampleArticle {
  const word = (at: number) => {
    const digest = createHash('sha256').update(`${serial} ${at}`).digest();
    const syllable = (byte: number) => `${'bdfgklmnprstvz'[byte % 14]}${'aeiou'[(byte >> 4) % 5]}`;
    return [...digest.subarray(0, 3)].map(syllable).join('');
  };
  const words = Array.from({ length: wordsOfStranger }, (_, at) => word(at));
  return {
    title: words.slice(0, 6).join(' '),
    body: words.slice(6).join(' '),
    category: 'finding',
    tags: ['benchmark', 'incident'],
    status: 'published',
    force: false,
  };
}
