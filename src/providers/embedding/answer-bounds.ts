/**
 * What an answer may weigh. A server may be anybody's, all tenants share the memory of a process, and one thread parses for all. So
 * an answer is no larger, and has no more parts, than the vectors that were asked for need.
 */
interface Asked {
  readonly inputs: number;
  /** The dimensions of the vectors, if they are known. */
  readonly dimensions: number | undefined;
}

/** 256 inputs of 3,072 dimensions as JSON numbers are about 18 MB. */
const maxBytes = 64 * 1024 * 1024;
/** A number written in full on a line of its own. */
const maxBytesOfNumber = 40;
const bytesAroundVectors = 64 * 1024;

/** The most numbers of a vector that are read. More than the known ones, so that a wrong dimension is still seen with its usage. */
const numbersOf = ({ dimensions = 16_000 }: Asked) => Math.max(dimensions, 4_096);

/** The most bytes of an answer. */
export const answerBytesOf = (asked: Asked): number =>
  Math.min(maxBytes, bytesAroundVectors + asked.inputs * numbersOf(asked) * maxBytesOfNumber);

/** Parts of an answer beside its numbers: for each vector, and around all of them. */
const partsOfVector = 100;
const partsAroundVectors = 10_000;

/** Whether a JSON text has more values than the answer needs. Parsed, a byte of `[],[],…` takes up to twenty of memory. */
export function hasTooManyParts(text: string, asked: Asked): boolean {
  const most = partsAroundVectors + asked.inputs * (numbersOf(asked) + partsOfVector);
  if (text.length <= most) return false;
  let parts = 0;
  for (const sign of [',', '[', '{']) {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
      parts += 1;
      if (parts > most) return true;
    }
  }
  return false;
}
