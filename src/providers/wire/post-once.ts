import { costWithoutUsage } from '../../domain/cost.ts';
import { classifyTransport } from './classify-transport.ts';
import type { ProviderAnswer } from './provider-answer.ts';

/** An answer of a provider, whatever its status, or why none came. */
export type Posted =
  | { readonly kind: 'answered'; readonly response: Response; readonly text: string }
  | Extract<ProviderAnswer<never>, { readonly kind: 'failed' }>;

/** Posts a body once and reads the whole answer, both within `timeoutMs`. What was sent before a failure may be billed. */
export async function postOnce(
  boundedFetch: typeof globalThis.fetch,
  url: string,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
  { timeoutMs, wasSent }: { readonly timeoutMs: number; readonly wasSent: () => boolean },
): Promise<Posted> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await boundedFetch(url, { method: 'POST', headers, body, signal: timeout });
    return { kind: 'answered', response, text: await response.text() };
  } catch (error) {
    const sent = wasSent();
    const failure = classifyTransport(error, { timedOut: timeout.aborted, sent });
    return { kind: 'failed', ...failure, cost: costWithoutUsage({ sent, status: undefined }) };
  }
}
