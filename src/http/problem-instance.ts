const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const shortNumber = /^\d{1,9}$/;
/** More segments than any path of the service has. */
const maxSegments = 20;

/** A path as a problem may repeat it. */
export type InstanceOf = (path: string) => string;

/**
 * The path of a request for `instance`: the words of the service's own paths and what looks like an id, with `*` for everything
 * else. A key that was pasted where an id belongs must not come back.
 */
export function createInstanceOf(paths: readonly string[]): InstanceOf {
  const words = new Set(
    paths.flatMap((path) => path.split('/')).filter((segment) => !segment.startsWith(':')),
  );
  const isHarmless = (segment: string) =>
    words.has(segment) || uuid.test(segment) || shortNumber.test(segment);
  return (path) =>
    path
      .split('/', maxSegments)
      .map((segment) => (segment === '' || isHarmless(segment) ? segment : '*'))
      .join('/');
}
