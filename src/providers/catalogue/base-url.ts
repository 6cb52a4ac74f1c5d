import { findOddCharacter } from '../../domain/odd-character.ts';
import { mixesScripts } from './host-scripts.ts';

/** An address in its normal form and what was put right, or why it cannot be one. */
export type NormalBaseUrl =
  | { readonly kind: 'ok'; readonly baseUrl: string; readonly corrections: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

const refused = (message: string) => ({ kind: 'refused', message }) as const;

const maxLength = 2_000;

/** Everything but blanks, controls and characters that are not seen. */
const visible = /^[^\s\p{C}\p{Z}]$/u;

/** A name in lower case and punycode, or an IP address. The parser of URLs lets through more, such as braces. */
const readableHost = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * Brings the address of an API into its normal form: without what people paste along (blanks, slashes at the end, `/embeddings`,
 * a second `/v1`), with the host in lower case and punycode, and with no query but `api-version`. It is its own normal form.
 */
export function normaliseBaseUrl(given: string): NormalBaseUrl {
  const text = given.trim();
  if (text === '') return refused('must be an address, or null');
  if (text.length > maxLength) return refused(`must have at most ${maxLength} characters`);
  const odd = findOddCharacter(text, visible);
  if (odd !== undefined) return refused(`has ${odd.name} at character ${odd.position}`);
  if (!/^https?:/i.test(text))
    return refused('must begin with https:// (or http://, where this installation allows it)');
  if (!URL.canParse(text)) return refused('is not an address that can be read');
  const url = new URL(text);
  const authority = /^https?:[/\\]*([^/\\?#]*)/i.exec(text)?.[1] ?? '';
  if (url.username !== '' || url.password !== '' || authority.includes('@'))
    return refused('must hold no user name and no password; the key is set as embedding_api_key');
  if (text.includes('#')) return refused('must have no fragment (#…)');
  const query = readQuery(url);
  if (query === undefined)
    return refused('must have no query string but one api-version, such as ?api-version=2024-10-21');
  const hostname = url.hostname.replace(/\.$/, '');
  if (!readableHost.test(hostname) || url.hostname.includes('..'))
    return refused('has no host that can be read');
  if (mixesScripts(hostname))
    return refused('has a host that mixes letters of different scripts, which may look like another one');

  const path = normalisePath(url.pathname);
  const port = url.port === '' ? '' : `:${url.port}`;
  const baseUrl = `${url.protocol}//${hostname}${port}${path.path}${query}`;
  const asGiven = text === baseUrl;
  return {
    kind: 'ok',
    baseUrl,
    corrections: asGiven ? (text === given ? [] : ['blanks around it']) : path.corrections,
  };
}

/** The query as it stays; undefined where it holds anything but one `api-version`. */
function readQuery(url: URL): string | undefined {
  const parameters = [...url.searchParams];
  if (parameters.length === 0) return '';
  const [name, value] = parameters[0] ?? [];
  if (parameters.length > 1 || name !== 'api-version' || !/^[A-Za-z0-9.-]{1,40}$/.test(value ?? ''))
    return undefined;
  return `?api-version=${value}`;
}

/** Rules for the end of a path, applied until none fits: each may make room for another. */
const endings: readonly (readonly [ending: RegExp, kept: string, correction: string])[] = [
  [/\/+$/, '', 'the slash at its end'],
  [/\/v1\/v1$/, '/v1', 'the second /v1'],
  // A deployment may have this name.
  [/(?<!\/deployments)\/embeddings$/, '', '/embeddings'],
];

function normalisePath(pathname: string): { readonly path: string; readonly corrections: readonly string[] } {
  const corrections = new Set<string>();
  let path = pathname.replace(/\/{2,}/g, '/');
  if (path !== pathname) corrections.add('doubled slashes');
  for (let rule = firstFitting(path); rule !== undefined; rule = firstFitting(path)) {
    const [ending, kept, correction] = rule;
    path = path.replace(ending, kept);
    corrections.add(correction);
  }
  return { path, corrections: [...corrections] };
}

const firstFitting = (path: string) => endings.find(([ending]) => ending.test(path));
