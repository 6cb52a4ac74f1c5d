import { factsOfService } from '../../support/fixtures.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { type AgentClient, connectByHttp, type Generation } from './clients.ts';

type Role = 'agent' | 'orchestrator' | 'user';

/** Facts about a service that agents reach over `/mcp`; the clients of a fact are closed after it. */
export const factsOfMcp = () =>
  factsOfService(() => ({ PROVIDER_URLS: 'any' })).extend(
    'connect',
    async ({ service, tenant }, { onCleanup }) => {
      const open: AgentClient[] = [];
      onCleanup(async () => {
        for (const client of open) await client.close();
      });
      return async (
        generation: Generation = 'new',
        role: Role = 'user',
        query = '',
        of: TestTenant = tenant,
      ): Promise<AgentClient> => {
        const client = await connectByHttp(generation, service.apiUrl, of.keys[role], query);
        open.push(client);
        return client;
      };
    },
  );
