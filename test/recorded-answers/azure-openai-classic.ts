import { azureGood, azureRefusals } from './azure-openai.ts';
import { type RecordedVendor, refusal } from './recorded-vendor.ts';

export const azureOpenaiClassic: RecordedVendor = {
  vendor: 'azure-openai-classic',
  good: azureGood,
  refusals: [
    ...azureRefusals,
    refusal('model', 404, { error: { code: '404', message: 'Resource not found' } }),
  ],
};
