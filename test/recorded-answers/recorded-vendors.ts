import { azureOpenai } from './azure-openai.ts';
import { azureOpenaiClassic } from './azure-openai-classic.ts';
import { cloudflare } from './cloudflare.ts';
import { cohere } from './cohere.ts';
import { custom } from './custom.ts';
import { dashscope } from './dashscope.ts';
import { deepinfra } from './deepinfra.ts';
import { fireworks } from './fireworks.ts';
import { gemini } from './gemini.ts';
import { jina } from './jina.ts';
import { litellm } from './litellm.ts';
import { llamaServer } from './llama-server.ts';
import { lmStudio } from './lm-studio.ts';
import { mistral } from './mistral.ts';
import { nvidia } from './nvidia.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import { openrouter } from './openrouter.ts';
import type { RecordedVendor } from './recorded-vendor.ts';
import { siliconflow } from './siliconflow.ts';
import { textEmbeddingsInference } from './text-embeddings-inference.ts';
import { together } from './together.ts';
import { vllm } from './vllm.ts';
import { voyage } from './voyage.ts';
import { zhipu } from './zhipu.ts';

/** The recorded answers of every vendor of the catalogue. */
export const recordedVendors: readonly RecordedVendor[] = [
  azureOpenaiClassic,
  azureOpenai,
  cloudflare,
  cohere,
  custom,
  dashscope,
  deepinfra,
  fireworks,
  gemini,
  jina,
  litellm,
  llamaServer,
  lmStudio,
  mistral,
  nvidia,
  ollama,
  openai,
  openrouter,
  siliconflow,
  textEmbeddingsInference,
  together,
  vllm,
  voyage,
  zhipu,
];
