import type { TwinStep } from './provider-twin.ts';

/** A step of the provider's twin whose answers are held back until `release`: a test decides what comes before them. */
export function heldAnswer(): { readonly step: TwinStep; readonly release: () => void } {
  let release: () => void = () => undefined;
  const heldUntil = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { step: { kind: 'ok', heldUntil }, release: () => release() };
}
