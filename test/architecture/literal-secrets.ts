/** Names whose value is a secret. */
const secretName = /(PASSWORD|PASSWD|PWD|TOKEN|SECRET|API_KEY|PRIVATE_KEY)/i;

/** A value that holds nothing: taken from the environment, or refused when it isn't there. */
const fromEnvironment = /^(\$\{[A-Z_]+(:\?[^}]*)?\})?$/;

const vendorPrefixes =
  /\b(sk-[A-Za-z0-9]|lk_[A-Za-z0-9]|hv[sb]\.|ghp_|AKIA[0-9A-Z]{8}|-----BEGIN [A-Z ]*PRIVATE KEY)/;

/** Bits per character. Words stay below 3.8 at this length; random keys are above. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log2(n / text.length), 0);
}

/**
 * Places in a configuration text that look like a secret written out: a value under a secret's name, a password in a URL, a
 * vendor's prefix, or a long token of letters and digits that is too random for a word. Returns the lines, numbered.
 */
export function findLiteralSecrets(text: string): string[] {
  return text.split('\n').flatMap((whole, index) => {
    // An image's digest is random and public.
    const line = whole.replace(/@sha256:[0-9a-f]{64}/g, '');
    const problem = problemOf(line);
    return problem ? [`${index + 1}: ${problem}`] : [];
  });
}

function problemOf(line: string): string | undefined {
  if (/^\s*#/.test(line)) return vendorPrefixes.test(line) ? "a vendor's key" : undefined;
  const assignment =
    /^\s*(?:-\s*)?(?:ENV\s+|ARG\s+|export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[:=]\s*(.*?)\s*$/.exec(line);
  const [, name = '', value = ''] = assignment ?? [];
  if (secretName.test(name) && !fromEnvironment.test(value.replace(/^["']|["']$/g, ''))) {
    return `a value for ${name}`;
  }
  const password = /:\/\/[^:/@\s]+:(\$\{[^}]*\}|[^@\s]+)@/.exec(line)?.[1];
  if (password !== undefined && !/^\$\{[A-Z_]+:\?/.test(password)) return 'a password in a URL';
  if (vendorPrefixes.test(line)) return "a vendor's key";
  const random = line
    .match(/[A-Za-z0-9+/_-]{20,}/g)
    ?.find(
      (token) => /\d/.test(token) && /[A-Za-z]/.test(token) && !token.includes('/') && entropy(token) >= 3.8,
    );
  return random === undefined ? undefined : 'a token too random for a word';
}
