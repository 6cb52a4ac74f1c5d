import { compatible, type Vendor } from '../vendor.ts';

export const dashscope: Vendor = {
  ...compatible,
  name: 'dashscope',
  title: 'Alibaba Cloud Model Studio (DashScope)',
  address: {
    kind: 'fixed',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    alsoAt: [
      'https://dashscope.aliyuncs.com/compatible-mode/v1',
      'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
    ],
  },
  defaultModel: 'text-embedding-v4',
  models: [
    {
      name: 'text-embedding-v4',
      dimensions: 1024,
      dimensionsSettable: [64, 128, 256, 512, 768, 1024, 1536, 2048],
      maxInputTokens: 8192,
    },
    {
      name: 'text-embedding-v3',
      dimensions: 1024,
      dimensionsSettable: [64, 128, 256, 512, 768, 1024],
      maxInputTokens: 8192,
    },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 10,
  maxInputTokens: 8192,
  errorWords: {
    invalidapikey: 'credential_rejected',
    arrearage: 'quota_exhausted',
    model_not_found: 'model_not_found',
  },
  rateHeaders: 'none',
  notes:
    'A key belongs to one region. Without a base URL it is Singapore; Beijing and Virginia are set as base URL.',
};
