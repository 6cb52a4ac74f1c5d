/** The largest block of bytes that a PDF may fill: a stream of it unpacked, a font, a table. */
const maxBlockBytes = 64 * 1024 * 1024;

/**
 * Bounds the blocks of bytes that this thread asks for. The limit of a thread holds for objects, not for blocks of bytes, so that
 * a few kilobytes of a PDF could fill the memory of the process. The alternatives lost: a process of its own for each document
 * takes longer to start than most documents to read, and to unpack the streams beforehand is to parse the PDF twice.
 */
export function boundBlocks(): void {
  for (const name of [
    'Uint8Array',
    'Uint8ClampedArray',
    'Uint16Array',
    'Uint32Array',
    'Int32Array',
    'Float32Array',
  ] as const) {
    bound(name);
  }
  // Without it the library unpacks by itself, into blocks that are bounded; this one would collect all pieces first.
  Reflect.deleteProperty(globalThis, 'DecompressionStream');
}

function bound(
  name: 'Uint8Array' | 'Uint8ClampedArray' | 'Uint16Array' | 'Uint32Array' | 'Int32Array' | 'Float32Array',
): void {
  const known = globalThis[name];
  Reflect.set(
    globalThis,
    name,
    new Proxy(known, {
      construct(target, args: readonly unknown[]) {
        const [size] = args;
        if (typeof size === 'number' && size * target.BYTES_PER_ELEMENT > maxBlockBytes) {
          throw new RangeError('a document asks for too much memory');
        }
        return Reflect.construct(target, args);
      },
    }),
  );
}
