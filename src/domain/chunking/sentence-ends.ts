/** Is told the first UTF-16 unit of each atom in order, and says whether a sentence has ended before it. */
export type SentenceEnds = (code: number) => boolean;

/** Quotes and brackets between a full stop and the next sentence. */
const maxClosers = 4;

const stop = 1;
const wideStop = 2;
const space = 4;
const closer = 8;
const wideCloser = 16;
/** What a UTF-16 unit can be to a sentence. */
const roles = new Uint8Array(0x10000);
const give = (characters: string, role: number) => {
  for (const character of characters) roles[character.charCodeAt(0)] = roleOf(character.charCodeAt(0)) | role;
};
give('.!?', stop);
give('。！？', wideStop);
give('"\'”’)]', closer);
give('"\'”’」』）', wideCloser);
for (let code = 0; code < roles.length; code += 1) {
  if (String.fromCharCode(code).trim() === '') roles[code] = space;
}

const within = 0;
const stopped = 1;
const blank = 2;
const stoppedWide = 3;

/**
 * A sentence ends behind `.`, `!` or `?` and the blank space that follows it, or at once behind their wide forms, which no blank
 * follows.
 */
export function createSentenceEnds(): SentenceEnds {
  let state = within;
  let closed = 0;

  return (code) => {
    const role = roleOf(code);
    if (state !== within) {
      const closes = state === stopped ? closer : state === stoppedWide ? wideCloser : 0;
      if ((role & closes) !== 0 && closed < maxClosers) {
        closed += 1;
        return false;
      }
      if (role === space && state !== stoppedWide) {
        state = blank;
        return false;
      }
    }
    const ended = state === blank || state === stoppedWide;
    state = role === stop ? stopped : role === wideStop ? stoppedWide : within;
    closed = 0;
    return ended;
  };
}

/** Whether a UTF-16 unit is blank space, of any width, or a line end. */
export function isSpace(code: number): boolean {
  return roleOf(code) === space;
}

function roleOf(code: number): number {
  return roles[code] ?? 0;
}
