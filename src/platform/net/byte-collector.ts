/** Collects bytes that come in parts. */
export interface ByteCollector {
  /** Takes a copy of a part; false where it goes beyond the bound, which nothing mends afterwards. */
  add(part: Uint8Array): boolean;
  /** All bytes so far, in an array without spare room: a thread that is given them would get the room, too. */
  bytes(): Uint8Array;
}

const firstBytes = 16 * 1024;

/**
 * Creates a collector of at most `maxBytes`. It keeps one array, which is doubled when it is full, and no list of the parts: a
 * sender that sends each byte in a packet of its own would make a list that is a hundred times as large as its bytes.
 */
export function createByteCollector(maxBytes: number): ByteCollector {
  let kept = new Uint8Array(Math.min(firstBytes, maxBytes));
  let length = 0;
  let isOver = false;
  return {
    add(part) {
      isOver ||= part.length > maxBytes - length;
      if (isOver) return false;
      const needed = length + part.length;
      if (needed > kept.length) {
        const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, 2 * kept.length)));
        larger.set(kept.subarray(0, length));
        kept = larger;
      }
      kept.set(part, length);
      length = needed;
      return true;
    },
    bytes: () => (length === kept.length ? kept : kept.slice(0, length)),
  };
}

const partsAtAll = 10_000;
const leastBytesOfPart = 32;

/**
 * Whether bytes come in more parts than any network makes of them. Each part costs as much processor time as some thousand bytes,
 * and a sender may put every byte into a chunk of its own.
 */
export const isCrumbled = (parts: number, bytes: number): boolean =>
  parts > partsAtAll + bytes / leastBytesOfPart;
