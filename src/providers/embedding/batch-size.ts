import { estimateTokens } from '../../domain/tokens.ts';

/** From either of these on a batch is too dear to be the one that finds out how a provider is asked. */
const largeInputs = 9;
const largeTokens = 4_096;

/** Whether a provider gets a batch only after a tiny call has shown how it is asked. */
export function isLarge({ inputs }: { readonly inputs: readonly string[] }): boolean {
  return (
    inputs.length >= largeInputs || inputs.reduce((sum, text) => sum + estimateTokens(text), 0) >= largeTokens
  );
}
