/** The last six bytes of an article's id are random, and enough to tell the articles of one search apart. */
const bytesPerId = 6;

/** The most articles that one cursor lists as seen. A search by meaning ends there. */
export const maxSeenIds = 500;
/** The least number of articles shown by keywords that a cursor lists, the latest ones. It lists more while meaning has shown few. */
export const minSeenByKeyword = 100;
/** The length of `maxSeenIds` packed ids. */
export const maxPackedLength = Math.ceil((maxSeenIds * bytesPerId * 4) / 3);

/** The short form of an article's id, as cursors hold it. */
export function shortId(articleId: string): string {
  return articleId.replaceAll('-', '').slice(-bytesPerId * 2);
}

/** Packs short ids into one text. */
export function packIds(shortIds: Iterable<string>): string {
  return Buffer.from([...shortIds].join(''), 'hex').toString('base64url');
}

/** The short ids of a text by `packIds`. */
export function unpackIds(packed: string | undefined): readonly string[] {
  const hex = Buffer.from(packed ?? '', 'base64url').toString('hex');
  return hex.match(new RegExp(`.{${bytesPerId * 2}}`, 'g')) ?? [];
}
