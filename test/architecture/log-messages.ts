/** A call of a logger: `log.info(`, `deps.log.warn(`, `log[level](`. */
const call = /\blog(?:\.(?:fatal|error|warn|info|debug)|\[[^(\n]+\])\(/g;

/** The string literals in the last argument of a call, whose arguments start at `from`. */
function literalsOfLastArgument(code: string, from: number): string[] {
  let literals: string[] = [];
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    const character = code.charAt(at);
    if (/['"`]/.test(character)) {
      const start = at + 1;
      for (at = start; at < code.length && code.charAt(at) !== character; at += 1) {
        if (code.charAt(at) === '\\') at += 1;
      }
      if (depth === 0) literals.push(code.slice(start, at));
    } else if (/[([{]/.test(character)) depth += 1;
    else if (/[)\]}]/.test(character)) {
      if (depth === 0) return literals;
      depth -= 1;
    } else if (character === ',' && depth === 0 && !/^\s*\)/.test(code.slice(at + 1))) literals = [];
  }
  return literals;
}

/** The messages that a source file logs: literals only, both of them where the message is chosen by a condition. */
export function logMessagesIn(code: string): string[] {
  return [...code.matchAll(call)].flatMap(({ 0: start, index }) =>
    literalsOfLastArgument(code, index + start.length),
  );
}
