import type { Vendor } from './vendor.ts';
import { azureOpenai } from './vendors/azure-openai.ts';
import { azureOpenaiClassic } from './vendors/azure-openai-classic.ts';
import { cloudflare } from './vendors/cloudflare.ts';
import { cohere } from './vendors/cohere.ts';
import { custom } from './vendors/custom.ts';
import { dashscope } from './vendors/dashscope.ts';
import { deepinfra } from './vendors/deepinfra.ts';
import { fireworks } from './vendors/fireworks.ts';
import { gemini } from './vendors/gemini.ts';
import { jina } from './vendors/jina.ts';
import { litellm } from './vendors/litellm.ts';
import { llamaServer } from './vendors/llama-server.ts';
import { lmStudio } from './vendors/lm-studio.ts';
import { mistral } from './vendors/mistral.ts';
import { nvidia } from './vendors/nvidia.ts';
import { ollama } from './vendors/ollama.ts';
import { openai } from './vendors/openai.ts';
import { openrouter } from './vendors/openrouter.ts';
import { siliconflow } from './vendors/siliconflow.ts';
import { textEmbeddingsInference } from './vendors/text-embeddings-inference.ts';
import { together } from './vendors/together.ts';
import { vllm } from './vendors/vllm.ts';
import { voyage } from './vendors/voyage.ts';
import { zhipu } from './vendors/zhipu.ts';

/** The vendors of embeddings that are known, in the order in which they are shown. */
export const listedVendors: readonly Vendor[] = [
  openai,
  azureOpenai,
  azureOpenaiClassic,
  gemini,
  mistral,
  cohere,
  voyage,
  jina,
  nvidia,
  openrouter,
  dashscope,
  siliconflow,
  zhipu,
  together,
  fireworks,
  deepinfra,
  cloudflare,
  litellm,
  ollama,
  llamaServer,
  vllm,
  textEmbeddingsInference,
  lmStudio,
  custom,
];
