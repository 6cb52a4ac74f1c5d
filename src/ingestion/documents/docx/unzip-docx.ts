import { unzipSync } from 'fflate';

/** The parts of a Word document that hold words, by their paths. */
export type Unzipped =
  | { readonly kind: 'unzipped'; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: 'no_docx' | 'too_large' };

const mainPart = 'word/document.xml';
const neededParts =
  /^(\[Content_Types\]\.xml|_rels\/\.rels|docProps\/core\.xml|word\/[^/]{1,100}\.xml|word\/_rels\/[^/]{1,100}\.rels)$/;
/** What all parts may hold unpacked: a thousand pages hold less. A parsed part takes ten times its size. */
const maxUnpackedBytes = 24 * 1024 * 1024;
const maxEntries = 5_000;

/**
 * Unpacks the parts with words. The archive's own list says how large each is, which is checked before anything is unpacked; the
 * library writes no byte beyond the size that the list gives, so that a false list gains nothing.
 */
export function unzipDocx(archive: Uint8Array): Unzipped {
  let entries = 0;
  let total = 0;
  const isTooLarge = () => entries > maxEntries || total > maxUnpackedBytes;
  try {
    const files = unzipSync(archive, {
      filter({ name, originalSize }) {
        entries += 1;
        if (!neededParts.test(name)) return false;
        total += originalSize;
        if (isTooLarge()) throw new RangeError('an archive is too large');
        return true;
      },
    });
    return mainPart in files
      ? { kind: 'unzipped', files: new Map(Object.entries(files)) }
      : { kind: 'no_docx' };
  } catch {
    return { kind: isTooLarge() ? 'too_large' : 'no_docx' };
  }
}
