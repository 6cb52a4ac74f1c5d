import { fieldPath } from './field-path.ts';
import type { FieldError } from './problem.ts';

/** An object or array whose end has not been reached. */
interface Container {
  /** The names of an object's fields so far; undefined for an array. */
  readonly names: Set<string> | undefined;
  step: string | number;
  /** Whether the next string of an object is the name of a field. */
  nameComes: boolean;
}

/**
 * The first value that `JSON.parse` would change without an error: a number that JavaScript does not hold as it is written, or a
 * field that comes twice, of which it keeps the last. Undefined without one. The text must be valid JSON; it is read once.
 */
export function findJsonLoss(text: string): FieldError | undefined {
  const open: Container[] = [];
  let at = 0;
  while (at < text.length) {
    const container = open.at(-1);
    const character = text[at];
    switch (character) {
      case '{':
        open.push({ names: new Set(), step: '', nameComes: true });
        break;
      case '[':
        open.push({ names: undefined, step: 0, nameComes: false });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (typeof container?.step === 'number') container.step += 1;
        else if (container) container.nameComes = true;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (container?.nameComes && container.names) {
          const name = nameOf(text.slice(at, end));
          if (container.names.has(name)) {
            return { path: fieldPath(pathOf(open.slice(0, -1)), name), message: 'is there twice' };
          }
          container.names.add(name);
          container.step = name;
          container.nameComes = false;
        }
        at = end;
        continue;
      }
      default:
        if (character !== undefined && beginsNumber(character)) {
          const end = endOfNumber(text, at);
          if (!isKept(text.slice(at, end))) {
            return {
              path: pathOf(open),
              message: 'is a number that would not be kept exactly: use one of at most 15 digits',
            };
          }
          at = end;
          continue;
        }
    }
    at += 1;
  }
  return undefined;
}

function pathOf(open: readonly Container[]): string {
  return open.reduce((path, { step }) => fieldPath(path, step), '');
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function nameOf(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

function beginsNumber(character: string): boolean {
  return character === '-' || (character >= '0' && character <= '9');
}

function endOfNumber(text: string, start: number): number {
  const number = /[-+.\deE]+/y;
  number.lastIndex = start;
  number.test(text);
  return number.lastIndex;
}

/** Doubles have 15 digits that are always kept. */
const alwaysKept = /^-?[\d.]{1,15}$/;

/**
 * Whether a number comes out as it went in. One with a fraction may also have up to 17 digits of the double that it names: so do
 * many programs write 0.1, as 0.10000000000000001.
 */
function isKept(token: string): boolean {
  if (alwaysKept.test(token)) return true;
  const value = Number(token);
  if (String(value) === token) return true;
  if (!Number.isFinite(value)) return false;
  const written = decimalOf(token);
  if (isSame(written, decimalOf(String(value)))) return true;
  const { digits, exponent } = written;
  if (exponent >= 0 || digits.length > 17) return false;
  return isSame(written, decimalOf(value.toPrecision(digits.length)));
}

/** `digits` × 10^`exponent`, without zeros at the ends of the digits; zero has no digits. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

function decimalOf(token: string): Decimal {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(token) ?? [];
  const all = whole + fraction;
  let from = 0;
  while (all[from] === '0') from += 1;
  let to = all.length;
  while (to > from && all[to - 1] === '0') to -= 1;
  if (from === to) return { digits: '', exponent: 0 };
  return { digits: all.slice(from, to), exponent: Number(exponent) - fraction.length + all.length - to };
}

function isSame(left: Decimal, right: Decimal): boolean {
  return left.digits === right.digits && left.exponent === right.exponent;
}
