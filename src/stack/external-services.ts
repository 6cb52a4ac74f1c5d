/** The services that the environment names, which the stack uses instead of starting its own. */
export interface ExternalServices {
  readonly database: { readonly url: string; readonly ownerUrl: string } | undefined;
  readonly temporalAddress: string | undefined;
  readonly vault:
    | {
        readonly address: string;
        readonly token: string | undefined;
        readonly mount: string;
        readonly key: string;
      }
    | undefined;
  readonly embeddingUrl: string | undefined;
}

/** Reads the external services. Throws, naming the missing variable, when one is set only in part. */
export function readExternalServices(env: Readonly<Record<string, string | undefined>>): ExternalServices {
  const read = (name: string) => env[name] || undefined;
  const url = read('DATABASE_URL');
  const ownerUrl = read('DATABASE_OWNER_URL');
  if ((url === undefined) !== (ownerUrl === undefined)) {
    throw new Error('set both DATABASE_URL and DATABASE_OWNER_URL, or neither to start PostgreSQL here');
  }
  const address = read('VAULT_ADDR');
  const token = read('VAULT_TOKEN');
  const hasRole = read('VAULT_ROLE_ID') !== undefined && read('VAULT_SECRET_ID') !== undefined;
  if (address !== undefined && token === undefined && !hasRole) {
    throw new Error('VAULT_ADDR is set: set VAULT_TOKEN too, or VAULT_ROLE_ID and VAULT_SECRET_ID');
  }
  return {
    database: url !== undefined && ownerUrl !== undefined ? { url, ownerUrl } : undefined,
    temporalAddress: read('TEMPORAL_ADDRESS'),
    vault:
      address === undefined
        ? undefined
        : {
            address,
            token,
            mount: read('VAULT_TRANSIT_MOUNT') ?? 'transit',
            key: read('VAULT_TRANSIT_KEY') ?? 'lorekeep',
          },
    embeddingUrl: read('EMBEDDING_BASE_URL'),
  };
}
