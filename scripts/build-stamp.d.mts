/** A hash of the names and contents of everything that is built. */
export function fingerprintSources(root: string): string;
/** Writes down of which sources `folder` was built. */
export function stampBuild(folder: string, fingerprint: string): void;
/** Whether dist/ was built of the sources as they are now. */
export function isBuildCurrent(root: string): boolean;
