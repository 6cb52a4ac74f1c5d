import { z } from 'zod';
import { parseBy } from '../platform/http/parse-request.ts';
import type { HttpMethod } from '../platform/http/route.ts';
import type { CallRoute, Refusal } from './call-route.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { refusalOfProblem } from './refusal.ts';

/** The answer of a tool. `notice` is what an agent must know first, such as that a search was degraded. */
export interface ToolAnswer<Data = Readonly<Record<string, unknown>>> {
  readonly kind: 'answer';
  readonly notice?: string | undefined;
  /** A sentence or two. It repeats nothing of the data. */
  readonly summary: string;
  readonly data: Data;
}

/** Hints for hosts, which decide by them whether they ask a person first. */
export interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

interface Declaration<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** When to use it, what it costs, what comes back, and what to do when it fails. */
  readonly description: string;
  readonly annotations: ToolAnnotations;
  /** The route without which the tool is of no use: who may not call it does not see the tool. */
  readonly route: { readonly method: HttpMethod; readonly path: string };
  readonly input: Input;
  readonly output: Output;
  run(input: z.output<Input>, call: CallRoute): Promise<ToolAnswer<z.input<Output>> | Refusal>;
}

/** A tool as the protocol lists and calls it. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly route: { readonly method: HttpMethod; readonly path: string };
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  call(given: unknown, call: CallRoute): Promise<ToolAnswer | Refusal>;
}

/** The kinds of tools by what they change. None deletes anything, and only `ingest` reaches an address of the outside world. */
export const reads = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
} satisfies ToolAnnotations;

/** Declares a tool. Its arguments and its data are checked by its schemas. */
export function tool<Input extends z.ZodObject, Output extends z.ZodObject>(
  declared: Declaration<Input, Output>,
): Tool {
  const { name, title, description, annotations, route } = declared;
  // `notice` stands first: a model reads in order, and many hosts show it the data alone.
  const output = z.object({
    notice: z.string().optional().describe('What you must know before you use the answer'),
    ...declared.output.shape,
  });
  return {
    ...{ name, title, description, annotations, route },
    inputSchema: jsonSchemaOf(declared.input, 'input'),
    outputSchema: jsonSchemaOf(output, 'output'),
    async call(given, call) {
      const parsed = parseBy(declared.input, given ?? {});
      if (parsed.kind === 'problem') return refusalOfProblem(parsed);
      const answer = await declared.run(parsed.value, call);
      if (answer.kind === 'refused') return answer;
      const { notice, summary, data } = answer;
      return {
        kind: 'answer',
        notice,
        summary,
        data: output.parse({ ...(notice === undefined ? {} : { notice }), ...data }),
      };
    },
  };
}
