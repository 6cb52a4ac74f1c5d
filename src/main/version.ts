import manifest from '../../package.json' with { type: 'json' };

/** Of the service: the one in package.json. */
export const version: string = manifest.version;
