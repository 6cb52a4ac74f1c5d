/** A source of chance that is the same in every run. */
export interface Random {
  /** From 0 up to, but not with, 1. */
  next(): number;
  /** A whole number from 0 up to, but not with, `end`. */
  below(end: number): number;
  /** Normally distributed around 0, deviation 1. */
  gaussian(): number;
}

/** The chance of these numbers: equal seeds give equal sequences, others have nothing in common. */
export function createRandom(...seed: readonly number[]): Random {
  let state = 0x9e3779b9;
  for (const part of seed) state = mix(state ^ mix(part + 0x6d2b79f5));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 2 ** 32;
  };
  let spare: number | undefined;
  return {
    next,
    below: (end) => Math.floor(next() * end),
    gaussian() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box and Muller: two uniform numbers make two normal ones.
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** Scatters the bits of a number; the result is an unsigned 32-bit one. */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Chooses places 0 to `size` - 1 by Zipf's law: the place of rank r with a weight of 1 / r^exponent. */
export function createZipf(size: number, exponent: number): (random: Random) => number {
  const upTo = new Float64Array(size);
  let total = 0;
  for (let place = 0; place < size; place += 1) {
    total += (place + 1) ** -exponent;
    upTo[place] = total;
  }
  return (random) => {
    const wanted = random.next() * total;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? total) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
