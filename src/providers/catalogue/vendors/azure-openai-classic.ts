import { compatible, type Vendor } from '../vendor.ts';

export const azureOpenaiClassic: Vendor = {
  ...compatible,
  name: 'azure-openai-classic',
  title: 'Azure OpenAI (classic, with api-version)',
  address: {
    kind: 'template',
    template: 'https://{resource}.openai.azure.com/openai/deployments/{deployment}?api-version={api-version}',
    alsoAt: [
      'https://{resource}.cognitiveservices.azure.com/openai/deployments/{deployment}?api-version={api-version}',
    ],
    parameters: [
      { name: 'resource', pattern: '[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?', example: 'contoso' },
      { name: 'deployment', pattern: '[A-Za-z0-9._-]{1,64}', example: 'embeddings' },
      {
        name: 'api-version',
        pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?',
        example: '2024-10-21',
        defaultValue: '2024-10-21',
      },
    ],
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
    'The deployment in the address decides the model. Set the model to the name of what is deployed, so that a change of it makes new vectors. A new deployment answers 404 for some minutes.',
};
