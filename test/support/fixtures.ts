import { test as base, inject } from 'vitest';
import { type CuttableLink, createCuttableLink } from './cuttable-link.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from './provider-twin.ts';
import { type RunningService, startService } from './running-service.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { createTestServices, type TestServices, type TestTenant } from './test-services.ts';
import { createWorkflowTest, type WorkflowTest } from './workflow-environment.ts';

/** What a file asks for beside the defaults: variables of the service's environment, given the twin's address. */
type Overrides = (of: { readonly twin: ProviderTwin }) => Readonly<Record<string, string>>;

const none: Overrides = () => ({});

/** A provider's twin for all facts of a file, and a key of its own for each fact. */
const withTwin = base
  .extend('twin', { scope: 'file' }, async ({}, { onCleanup }): Promise<ProviderTwin> => {
    const twin = await startProviderTwin();
    onCleanup(() => twin.close());
    return twin;
  })
  .extend('key', () => twinKey());

/**
 * Facts about the services of a process, without HTTP: `test` is shared by the file, `tenant` (with the embedding key `key`) is
 * new for each fact. Nothing starts before a fact asks for it.
 */
export const factsOfServices = (overrides: Overrides = none) =>
  withTwin
    .extend('test', { scope: 'file' }, async ({ twin }, { onCleanup }): Promise<TestServices> => {
      const test = await createTestServices({
        EMBEDDING_BASE_URL: twin.baseUrl,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        ...overrides({ twin }),
      });
      onCleanup(() => test.close());
      return test;
    })
    .extend('tenant', async ({ test, key }): Promise<TestTenant> => test.createTenant(key));

/** The same over real HTTP, and with real Temporal. */
export const factsOfService = (overrides: Overrides = none) =>
  withTwin
    .extend('service', { scope: 'file' }, async ({ twin }, { onCleanup }): Promise<RunningService> => {
      const service = await startService({ EMBEDDING_BASE_URL: twin.baseUrl, ...overrides({ twin }) });
      onCleanup(() => service.close());
      return service;
    })
    .extend('tenant', async ({ service, key }): Promise<TestTenant> => service.createTenant(key));

/** Facts about a provider's client: the twin alone, and a key of its own for each fact. */
export const factsOfProvider = () => withTwin;

/** Facts about a migrated database, which all facts of a file share. */
export const factsOfDatabase = (options: Parameters<typeof createTestDatabase>[0] = {}) =>
  base.extend('db', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestDatabase> => {
    const db = await createTestDatabase(options);
    onCleanup(() => db.drop());
    return db;
  });

/** A fixture of the scope `file`: a link to the run's OpenBao, which a fact can cut. */
export async function linkToVault(
  {},
  { onCleanup }: { readonly onCleanup: (cleanup: () => Promise<void>) => void },
): Promise<CuttableLink> {
  const vault = await createCuttableLink(inject('vaultAddr'));
  onCleanup(() => vault.close());
  return vault;
}

/** As `factsOfServices`, with OpenBao behind the link `vault`. */
export const factsOfServicesAndVault = (overrides: Overrides = none) =>
  withTwin
    .extend('vault', { scope: 'file' }, linkToVault)
    .extend('test', { scope: 'file' }, async ({ twin, vault }, { onCleanup }): Promise<TestServices> => {
      const test = await createTestServices({
        ...{ EMBEDDING_BASE_URL: twin.baseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1', VAULT_ADDR: vault.url },
        ...overrides({ twin }),
      });
      onCleanup(() => test.close());
      return test;
    })
    .extend('tenant', async ({ test, key }): Promise<TestTenant> => test.createTenant(key));

/** Facts about workflows: the real ones on the time-skipping server, which all facts of a file share. */
export const factsOfWorkflows = () =>
  base.extend('test', { scope: 'file' }, async ({}, { onCleanup }): Promise<WorkflowTest> => {
    const test = await createWorkflowTest();
    onCleanup(() => test.close());
    return test;
  });
