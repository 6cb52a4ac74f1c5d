/** The names of fields in the bodies of refusals, spelt as `spellWord` does. */

/** The fields that hold a word, the most precise first. */
export const wordFields = [
  'reason',
  'errorcode',
  'code',
  'statuscode',
  'errortype',
  'type',
  'status',
  'error',
  'statusmsg',
];
/** The fields that hold a sentence, or a body inside the body. */
export const messageFields = new Set([
  'message',
  'detail',
  'error',
  'errors',
  'msg',
  'description',
  'title',
  'statusmsg',
  'errormessage',
  'raw',
  'faultstring',
  'errordescription',
  'errormsg',
  'errmsg',
  'reason',
]);
/** The fields that name a field of the request. */
export const fieldFields = new Set(['param', 'parameter', 'field', 'loc', 'location']);
/** The fields in which Google names the quota that is used up. */
export const quotaFields = new Set(['quotaid', 'quotametric', 'quotalimit']);
/** The fields in which a body repeats the request. They may hold an article, so nothing below them is read. */
export const echoFields = new Set([
  'input',
  'inputs',
  'text',
  'texts',
  'value',
  'prompt',
  'content',
  'contents',
  'document',
  'documents',
  'query',
  'queries',
  'flaggedinput',
  'ctx',
  'body',
  'request',
  'instances',
  'messages',
  'sentences',
  'passage',
  'passages',
  'snippet',
]);
