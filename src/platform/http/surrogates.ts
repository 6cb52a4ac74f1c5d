/** With the `u` flag a pair is one character and does not match. */
const loneSurrogate = /[\ud800-\udfff]/u;

/** Why a text is not well-formed Unicode, as the message of a field error; undefined when it is. */
export function surrogateFault(text: string): string | undefined {
  return loneSurrogate.test(text)
    ? 'must be well-formed Unicode: it holds half of a surrogate pair'
    : undefined;
}
