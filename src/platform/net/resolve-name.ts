import { Resolver } from 'node:dns/promises';
import { withTimeout } from '../async/with-timeout.ts';

/** Looks up every address of a name. Rejects with the resolver's error where there is none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** The two questions that a name server is asked. */
interface NameServers {
  resolve4(name: string): Promise<readonly string[]>;
  resolve6(name: string): Promise<readonly string[]>;
}

/** How long an answer is waited for the first time; the second and last time the library waits twice as long. */
const queryTimeoutMs = 1_000;
const tries = 2;
/** Many name servers answer nothing to one of the questions, for whose other one a call must not wait. */
const otherFamilyMs = 300;

/**
 * Creates a resolver for names that tenants choose. It asks the name servers itself: `dns.lookup` runs in the few threads of the
 * process, which the slow name server of one tenant would occupy for all. Names of the machine's own hosts file are not found.
 */
export function createNameResolver(
  resolver: NameServers = new Resolver({ timeout: queryTimeoutMs, tries }),
): ResolveName {
  return async (name) => {
    // These never leave the machine, whatever a name server says (RFC 6761).
    if (/(^|\.)localhost$/i.test(name)) return ['127.0.0.1', '::1'];
    const families = [resolver.resolve4(name), resolver.resolve6(name)];
    const first = await Promise.any(families.map(nonEmpty)).catch(() => undefined);
    // Neither has an address, so both have ended.
    if (first === undefined) return (await Promise.all(families)).flat();
    const settled = await withTimeout(Promise.allSettled(families), otherFamilyMs, undefined);
    return settled?.flatMap((found) => (found.status === 'fulfilled' ? found.value : [])) ?? first;
  };
}

/** Rejects for a family without an address. */
async function nonEmpty(family: Promise<readonly string[]>): Promise<readonly string[]> {
  const addresses = await family;
  if (addresses.length === 0) throw new Error('no address');
  return addresses;
}
