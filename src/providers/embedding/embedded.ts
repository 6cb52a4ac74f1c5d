import type { SeenTraits } from './profile.ts';

/** Vectors, one for each text and in their order. All are finite and of one dimension. */
export interface Embedded {
  readonly vectors: readonly (readonly number[])[];
  readonly seen: SeenTraits;
}
