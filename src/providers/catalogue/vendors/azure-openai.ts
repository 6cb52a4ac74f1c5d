import { compatible, type Vendor } from '../vendor.ts';

export const azureOpenai: Vendor = {
  ...compatible,
  name: 'azure-openai',
  title: 'Azure OpenAI (v1)',
  address: {
    kind: 'template',
    template: 'https://{resource}.openai.azure.com/openai/v1',
    alsoAt: [
      'https://{resource}.services.ai.azure.com/openai/v1',
      'https://{resource}.cognitiveservices.azure.com/openai/v1',
    ],
    parameters: [{ name: 'resource', pattern: '[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?', example: 'contoso' }],
  },
  auth: { kind: 'header', name: 'api-key' },
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 2048,
  maxRequestTokens: 300_000,
  maxInputTokens: 8192,
  errorWords: { deploymentnotfound: 'model_not_found', insufficient_quota: 'quota_exhausted' },
  rateHeaders: 'azure',
  notes:
    'The model is the name of the deployment, so it has to be set. A new deployment answers 404 for some minutes. Use a key of the resource, not an Entra token, which ends after about an hour.',
};
