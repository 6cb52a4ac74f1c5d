import type { Tool } from '../tool.ts';
import { contextTool } from './context.ts';
import { getArticleTool } from './get-article.ts';
import { ingestionStatusTool, ingestTool } from './ingestion.ts';
import { llmConfigTool, setLlmConfigTool } from './llm-config.ts';
import { searchTool } from './search.ts';
import { statusTool } from './status.ts';
import { usageTool } from './usage.ts';
import { editArticleTool, proposeArticleTool, publishArticleTool } from './write-articles.ts';

/** Every tool, in the order in which agents see them. */
export const everyTool: readonly Tool[] = [
  searchTool,
  getArticleTool,
  contextTool,
  proposeArticleTool,
  editArticleTool,
  publishArticleTool,
  ingestTool,
  ingestionStatusTool,
  statusTool,
  usageTool,
  llmConfigTool,
  setLlmConfigTool,
];

/** The names of the tools, for the labels of metrics. */
export const toolNames: readonly string[] = everyTool.map(({ name }) => name);
