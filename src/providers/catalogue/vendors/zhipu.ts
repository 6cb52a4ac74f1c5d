import { compatible, type Vendor } from '../vendor.ts';

export const zhipu: Vendor = {
  ...compatible,
  name: 'zhipu',
  title: 'Zhipu AI (GLM)',
  address: { kind: 'fixed', baseUrl: 'https://open.bigmodel.cn/api/paas/v4' },
  defaultModel: 'embedding-3',
  models: [
    {
      name: 'embedding-3',
      dimensions: 2048,
      dimensionsSettable: [256, 512, 1024, 2048],
      maxInputTokens: 3072,
    },
    { name: 'embedding-2', dimensions: 1024, maxInputTokens: 512 },
  ],
  encoding: 'unnamed',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 64,
  notes: 'Its address ends in /v4 and has no /v1.',
};
