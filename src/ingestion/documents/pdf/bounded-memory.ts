/** The largest block of bytes that a PDF may fill: a stream of it unpacked, a font, a table. */
const maxBlockBytes = 64 * 1024 * 1024;
/** All blocks of bytes at a time. Large PDF files with many fonts take some 100 MB. */
const maxBytesInAll = 256 * 1024 * 1024;
/** After so many new bytes it is looked how many there are, which takes as long as to fill some kilobytes. */
const bytesBetweenLooks = 1024 * 1024;

const blocks = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
] as const;

/** The bound on the blocks of bytes of a thread. */
export interface BlockBound {
  /** Begins with a document. */
  begin(): void;
  /** Whether the document has asked for more than there is. The library may have gone on without what it did not get. */
  isExceeded(): boolean;
}

/**
 * Bounds the blocks of bytes that this thread asks for. The limit of a thread holds for objects, not for blocks of bytes, so that
 * a few kilobytes of a PDF could fill the memory of the machine: with one stream, or with a thousand fonts, which the library
 * keeps until the end. The alternative lost: to unpack the streams beforehand is to parse the PDF twice.
 */
export function boundBlocks(): BlockBound {
  let isExceeded = false;
  let bytesSinceLook = 0;
  const ask = (bytes: number) => {
    bytesSinceLook += bytes;
    let isTooMuch = bytes > maxBlockBytes;
    if (!isTooMuch && bytesSinceLook > bytesBetweenLooks) {
      bytesSinceLook = 0;
      isTooMuch = isBeyond(bytes);
    }
    if (!isTooMuch) return;
    isExceeded = true;
    throw new RangeError('a document asks for too much memory');
  };
  for (const name of blocks) bound(name, ask);
  // Without it the library unpacks by itself, into blocks that are bounded; this one would collect all pieces first.
  Reflect.deleteProperty(globalThis, 'DecompressionStream');
  return {
    begin() {
      isExceeded = false;
    },
    isExceeded: () => isExceeded,
  };
}

/** Whether there are too many bytes. What only waits to be collected does not count: it may be an earlier document's. */
function isBeyond(bytes: number): boolean {
  const isFull = () => process.memoryUsage().arrayBuffers + bytes > maxBytesInAll;
  if (!isFull()) return false;
  globalThis.gc?.();
  return isFull();
}

function bound(name: (typeof blocks)[number], ask: (bytes: number) => void): void {
  const known = globalThis[name];
  Reflect.set(
    globalThis,
    name,
    new Proxy(known, {
      construct(target, args: readonly unknown[]) {
        const [size] = args;
        if (typeof size === 'number') ask(size * target.BYTES_PER_ELEMENT);
        return Reflect.construct(target, args);
      },
    }),
  );
}
