import { ownServer, type Vendor } from '../vendor.ts';

export const litellm: Vendor = {
  ...ownServer,
  name: 'litellm',
  title: 'LiteLLM proxy',
  address: { kind: 'own', example: 'http://localhost:4000/v1' },
  prefixesByModel: false,
  inputStyle: { kind: 'none' },
  // Of a proxy without a database, which knows one key only: any other one.
  errorWords: { budget_exceeded: 'quota_exhausted', no_db_connection: 'credential_rejected' },
  rateHeaders: 'openai',
  notes: 'Limits and dimensions are those of the vendor behind it. The key is a virtual key of the proxy.',
};
