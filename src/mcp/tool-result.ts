import type { CallToolResult } from '@modelcontextprotocol/server';
import { jsonTokens, maxAnswerTokens } from './answer-bound.ts';
import type { Refusal } from './call-route.ts';
import { refusal } from './refusal.ts';
import type { ToolAnswer } from './tool.ts';

/**
 * Where the data of an answer stands: in `structuredContent`, described by the tool's output schema, or in the text as JSON.
 *
 * Never in both: a host that shows both to its model would pay for each word twice. The specification asks that structured
 * content is repeated as text, for clients from before 2025-06-18; these get the text alone. Hosts of later versions
 * differ. Claude Code and VS Code show their model the structured content and drop the text, so a text that holds more than
 * the structure (a body in Markdown beside its metadata) would be lost there. Others still read text alone: they say so
 * with `answers=text`. In an error all of them read the text.
 */
export type AnswerForm = 'structured' | 'text';

/** The form for a protocol version; undefined for clients from before the header that names it. */
export function answerFormOf(protocolVersion: string | undefined): AnswerForm {
  return (protocolVersion ?? '') >= '2025-06-18' ? 'structured' : 'text';
}

/** The result of a tool's answer, below the bound on tokens. */
export function toolResult(answer: ToolAnswer | Refusal, form: AnswerForm): CallToolResult {
  if (answer.kind === 'refused') return errorResult(answer);
  const { notice, summary, data } = answer;
  const words = notice === undefined ? summary : `${notice}\n${summary}`;
  if (jsonTokens(data) + jsonTokens(words) > maxAnswerTokens) {
    return errorResult(refusal('answer_too_long', 'The answer is too long. Ask for less of it.'));
  }
  return form === 'structured'
    ? { content: [textOf(words)], structuredContent: { ...data } }
    : { content: [textOf(`${words}\n\n${JSON.stringify(data)}`)] };
}

function errorResult({ code, message, nextStep, errors }: Refusal): CallToolResult {
  const error = { code, message, next_step: nextStep, ...(errors ? { errors } : {}) };
  return { isError: true, content: [textOf(JSON.stringify(error))] };
}

const textOf = (text: string) => ({ type: 'text' as const, text });
