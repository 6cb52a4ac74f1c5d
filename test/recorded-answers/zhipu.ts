import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: string, message: string) => ({ error: { code, message } });

export const zhipu: RecordedVendor = {
  vendor: 'zhipu',
  good: {
    body: {
      model: 'embedding-3',
      data: numbered,
      object: 'list',
      usage: { completion_tokens: 0, prompt_tokens: 12, total_tokens: 12 },
    },
    index: true,
    usage: ['prompt_tokens', 12],
  },
  refusals: [
    refusal('bad key', 401, error('1002', 'Authorization Token非法，请确认Authorization Token正确传递。')),
    refusal('bad key', 401, error('401', '令牌已过期或验证不正确')),
    refusal('model', 400, error('1211', '模型不存在，请检查模型代码。')),
    refusal('bill', 429, error('1113', '您的账户已欠费，请充值后重试。')),
    refusal('rate', 429, error('1302', '您的账户已达到速率限制，请您控制请求频率')),
    refusal('quota of the day', 429, error('1304', '该 API 的当天调用次数超限')),
    refusal('input', 400, error('1214', 'input 不能为空')),
    refusal('failing server', 500, error('1234', '网络错误，请稍后重试')),
  ],
};
