import { isBlockedPort } from './blocked-ports.ts';

/** Longer addresses are not in use: most servers refuse them. */
const maxCharacters = 2_048;

const protocols: readonly string[] = ['http:', 'https:'];

/**
 * Reads the address of a document, or the target of a redirect that came from `from`. Undefined for what is no address, or one that
 * is not asked: another scheme, a user name or a password, the port of another service, or http where the redirect came by https.
 * Where its host leads is checked at the connection.
 */
export function readDocumentAddress(text: string, from?: URL): URL | undefined {
  if (text.length > maxCharacters || !URL.canParse(text, from?.href)) return undefined;
  const url = new URL(text, from);
  const isAsked =
    url.href.length <= maxCharacters &&
    protocols.includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    !isBlockedPort(url.port) &&
    !(from?.protocol === 'https:' && url.protocol === 'http:');
  if (!isAsked) return undefined;
  // It is for readers, and stays with them.
  url.hash = '';
  return url;
}
