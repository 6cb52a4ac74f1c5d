/** Says of the characters at the starts of atoms, read in their order, before which of them a sentence has ended. */
export type SentenceEnds = (character: string) => boolean;

/** Quotes and brackets between a full stop and the next sentence. */
const maxClosers = 4;
const closers = new Set([...'"\'”’)]']);
const wideClosers = new Set([...'"\'”’」』）']);

/**
 * A sentence ends behind `.`, `!` or `?` and the blank space that follows it, or at once behind their wide forms, which no blank
 * follows.
 */
export function createSentenceEnds(): SentenceEnds {
  let state: 'within' | 'stopped' | 'blank' | 'stoppedWide' = 'within';
  let closed = 0;

  const isCloser = (character: string, of: ReadonlySet<string>) => {
    if (closed === maxClosers || !of.has(character)) return false;
    closed += 1;
    return true;
  };

  return (character) => {
    if (state === 'stopped' && isCloser(character, closers)) return false;
    if (state === 'stoppedWide' && isCloser(character, wideClosers)) return false;
    const space = isSpace(character);
    if (space && (state === 'stopped' || state === 'blank')) {
      state = 'blank';
      return false;
    }
    const ended = state === 'blank' || state === 'stoppedWide';
    state = 'within';
    if (character === '.' || character === '!' || character === '?') state = 'stopped';
    else if (character === '。' || character === '！' || character === '？') state = 'stoppedWide';
    closed = 0;
    return ended;
  };
}

/** Whether it is blank space, of any width, or a line end. */
export function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character.trim() === '';
}
