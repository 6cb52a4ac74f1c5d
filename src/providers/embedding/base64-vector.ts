const bytesOfNumber = 4;

/**
 * Reads a vector of single-precision numbers, the lowest byte first, from base64. Undefined for a text that is not exactly the
 * base64 of such numbers, so that no other text is taken for a vector.
 */
export function readBase64Vector(text: string): readonly number[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % bytesOfNumber !== 0) return undefined;
  // The decoder skips what is not base64.
  if (bytes.toString('base64') !== text) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / bytesOfNumber }, (_, at) =>
    view.getFloat32(at * bytesOfNumber, true),
  );
}
