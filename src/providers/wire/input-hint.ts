import type { RefusalBody } from './refusal-body.ts';
import type { RefusalHint } from './refusal-hint.ts';

/** Fields of a request, for embeddings or for an answer of a schema, that not every vendor accepts. */
const optionalFields = [
  'output_config',
  'output_format',
  'encoding_format',
  'dimensions',
  'output_dimension',
  'output_dimensionality',
  'output_dtype',
  'embedding_type',
  'embedding_types',
  'input_type',
  'task',
  'task_type',
  'truncate',
  'truncation',
  'late_chunking',
  'normalized',
  'prompt_name',
  'user',
  'priority',
];

const inputsWords = new Set(['arrayabovemaxlength', 'toolong', 'listtoolong']);
const tokensWords = new Set([
  'contextlengthexceeded',
  'exceedcontextsizeerror',
  'stringabovemaxlength',
  'maxtokensperrequest',
  'tokenslimitreached',
  'requesttoolarge',
  'stringtoolong',
]);
const refusedFieldWords = new Set([
  'extraforbidden',
  'unknownparameter',
  'unsupportedparameter',
  'unrecognizedparameter',
]);

const inputs: readonly RegExp[] = [
  /\bbatch[ _-]?size\b.{0,60}(?:>|exceed|larger|greater|more than|limit|at most|must be|should|maximum|too (?:large|big))/,
  /\b(?:too many|number of|maximum of|at most|no more than|up to|more than) (?:\d+ )?(?:texts|inputs|input texts|documents|items|strings|elements|requests|sentences|contents)\b/,
  /\b(?:texts|inputs|items|elements|documents|strings)\b.{0,40}\bat most \d/,
  /\b(?:exceeds?|at most|no more than|more than|maximum(?: of)?|only|up to|limit(?:ed to| of| is)?) \d[\d,]* (?:\w+ )?(?:texts|inputs|items|elements|documents|strings|sentences|entries|requests)\b/,
  /不得超过 ?\d+ ?条|数组.{0,20}超过/,
  /\barray too long\b|\blist should have at most\b|\bmaximum length \d+, but got an array\b/,
  /\bmax(?:imum)? (?:client )?batch\b|\binput (?:list|array|batch)\b.{0,40}\b(?:exceed|too (?:long|large)|at most|maximum|larger)/,
  /\b(?:inputs?|input\.contents)\b.{0,20}\bshould not be larger than \d/,
];
const tokens: readonly RegExp[] = [
  /\btoo many tokens\b|\btokens? (?:limit|count|overall|in total)\b|\btoken limit\b/,
  /\b(?:maximum|max|maximal) (?:context|input|sequence|allowed|number of|token|model|total)\b.{0,40}\b(?:length|tokens?|size)\b/,
  /\b(?:exceed|exceeds|exceeded|longer than|larger than|less than|at most|more than|over)\b.{0,60}\b(?:tokens|context (?:length|size|window))\b/,
  /\bmax(?:imum)? \d[\d,]* tokens\b|\btokens?\b.{0,30}\b(?:exceed|exceeds|too (?:many|long|large))\b/,
  /\b(?:input|prompt)\b.{0,30}\b(?:is|are)? ?too (?:long|large)\b|\btext\b.{0,10}\btoo long\b|\binput length\b/,
  /\b(?:body|payload|request|content)\b.{0,20}\btoo (?:large|long|big)\b/,
  /过长|超长|长度超过/,
];

/** What a sentence says of a field that it refuses. */
const refuses =
  /\b(?:not (?:supported|permitted|allowed|accepted|recogni[sz]ed|available|valid|one of)|unsupported|unknown|unexpected|unrecogni[sz]ed|extra|invalid|cannot find field|does not support|doesn't support|no such|must be|should be|deprecated|only)\b/;

/** Of refused dimensions, whose field some vendors do not name. */
const refusesDimensions = /\b(?:matryoshka|(?:specifying|changing|custom|output) (?:output )?dimensions?)\b/;

/** Of an answer of a schema, whose field a model that does not know it may not name. */
const refusesSchema = /\b(?:structured outputs?|output (?:format|schema)|json[ _]schema)\b/;

/** What a rejected request has to change, by the words of its refusal. */
export function inputHintOf(body: RefusalBody, status: number): RefusalHint {
  const messages = body.messages.map((message) => message.toLowerCase());
  const says = (patterns: readonly RegExp[]) =>
    messages.some((message) => patterns.some((pattern) => pattern.test(message)));

  const named = namedField(body, messages);
  if (named !== undefined) return { kind: 'parameter', name: named };
  if (body.words.some((word) => inputsWords.has(word)) || says(inputs)) return { kind: 'too_many_inputs' };
  if (body.words.some((word) => tokensWords.has(word)) || says(tokens) || status === 413)
    return { kind: 'too_many_tokens' };
  return { kind: 'input' };
}

/** The field that the refusal names: in its own place for that, or in a sentence that refuses it. */
function namedField({ fields, words }: RefusalBody, messages: readonly string[]): string | undefined {
  const isRefused = words.some((word) => refusedFieldWords.has(word));
  const inPlace = fields
    .flatMap((field) => field.split(/[.[\]]/))
    .find((field) => optionalFields.includes(field) || (isRefused && isFieldName(field)));
  if (inPlace !== undefined) return inPlace;
  for (const message of messages) {
    const field = optionalFields.find((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(message));
    if (field !== undefined && refuses.test(message) && isSpecific(field, message)) return field;
    if (refusesDimensions.test(message)) return 'dimensions';
    if (refusesSchema.test(message) && refuses.test(message)) return 'output_config';
  }
  return undefined;
}

/** A common word names a field only where it is quoted or called one. */
const isSpecific = (field: string, message: string) =>
  field.includes('_') ||
  new RegExp(
    `["'\`]${field}["'\`]|\\b(?:parameter|field|argument|name|property|key)s?:? ${field}\\b|\\b${field} (?:parameter|field|argument|is not)|^${field}\\b|\\bspecifying ${field}\\b`,
  ).test(message);

/** Whether a text is the name of a field that a request for embeddings may leave out. */
const isFieldName = (text: string) =>
  /^[a-z][a-z0-9_]{1,39}$/.test(text) &&
  !['input', 'model', 'body', 'query', 'inputs', 'texts'].includes(text);
