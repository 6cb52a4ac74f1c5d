import { randomInt } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A provider key that is nobody else's, and of which no piece occurs by chance in anything that a service writes. */
export function canaryKey(): string {
  return `sk-${Array.from({ length: 40 }, () => letters[randomInt(letters.length)]).join('')}`;
}
