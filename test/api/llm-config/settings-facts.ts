import { test as base } from 'vitest';
import { type SettingsApi, startSettingsApi } from './settings-api.ts';

/**
 * Facts about the routes of settings, API keys and audit: `api` is shared by the file, `tenant` is new for each fact, and `keys`
 * are its API keys by role.
 */
export const factsOfSettings = () =>
  base
    .extend('api', { scope: 'file' }, async ({}, { onCleanup }): Promise<SettingsApi> => {
      const api = await startSettingsApi();
      onCleanup(() => api.close());
      return api;
    })
    .extend('tenant', ({ api }) => api.tenant())
    .extend('keys', ({ tenant }) => tenant.keys);
