import type { FailureCode } from '../../domain/failures.ts';

/**
 * How the messages of refusals begin, for vendors that say in words what others say in a code. Quotes are `§` (see
 * `sentenceStarts`). Each pattern is anchored, and its gaps are bounded: the text is not trusted.
 */
type Phrases = readonly RegExp[];

const quota: Phrases = [
  /^your credit balance is too low\b/,
  /^(?:exceeded\w{0,20}budget|budget has been exceeded|max budget|over budget)\b/,
  /^(?:you have |you've )?(?:insufficient|not enough|no|low|zero|negative) (?:account |remaining |available )?(?:balance|credits?|funds|quota)\b/,
  /^(?:(?:your|the|this) )?(?:\w+ ){0,2}(?:balance|credits|funds)\b.{0,60}\b(?:insufficient|too low|not enough|exhausted|depleted|used up|negative|empty|expired|run out)\b/,
  /^(?:you|your|the|this|user|team|organi[sz]ation|key|project|account|customer|end ?user)\b.{0,120}\b(?:exceeded|over|reached|used up|used all|exhausted|hit)\b.{0,40}\b(?:budget|spend|spending|billing|credits?|monthly|usage limits?|included|free|hard limit)\b/,
  /^(?:you(?:'ve| have)? )?(?:run|ran) out of (?:credits?|funds|quota)\b/,
  /^you (?:do not|don't) have (?:enough|any|sufficient) (?:credits?|balance|funds|quota)\b/,
  /^(?:you(?:'ve| have)? )?exceeded your (?:current|monthly|included|free|token|account|plan) (?!requests? )(?:\w+ )?(?:quota|credits?|allowance|limit)\b/,
  /^(?:monthly|billing|spend|spending|credit|budget|hard|usage|quota|daily) (?:\w+ )?(?:limit|cap|quota|budget|credits?)\b.{0,40}\b(?:reached|exceeded|exhausted|hit)\b/,
  /^(?:api )?(?:key|token) (?:total |monthly |daily |weekly |credit |spending )?limit (?:exceeded|reached)\b/,
  /^(?:quota|credits?|balance) (?:has been |have been |is |are |was )?(?:exceeded|exhausted|used up|depleted|insufficient)\b/,
  /^(?:\w+ ){0,3}(?:budget|spend|spending|credit limit|spend limit|spending limit) (?:has been |is |was )?(?:exceeded|exhausted|used up|depleted|reached)\b/,
  /^out of (?:call volume quota|credits?|quota|funds)\b/,
  /^payment (?:is )?required\b/,
  /^(?:please )?(?:add|top up|recharge|update|enter) .{0,30}\b(?:credits?|balance|payment|billing)\b/,
  /^inference prohibited, /,
  /^(?:this|the) .{0,60}\brequires (?:billing|payment|a paid)\b/,
  /^billing (?:is |has )?(?:not|disabled|been disabled|inactive)\b/,
  /^(?:the |your )?free (?:tier|trial|quota|allowance|credits?)\b.{0,80}\b(?:exhausted|ended|expired|exceeded|used up|reached)\b/,
  /^access denied, please make sure (?:that )?your account is in good standing\b/,
  /^you are using a trial key\b.{0,40}\d+ api calls ?\/ ?month\b/,
  /^(?:your |the )?(?:account|user|team|organi[sz]ation)\b.{0,80}\b(?:arrears|overdue|unpaid|past due|cloud credits expired|out of credits?|insufficient balance|spend(?:ing)? limit|failure to pay)\b/,
  /^.{0,30}(?:欠费|余额不足|充值|额度(?:已)?(?:用尽|不足|用完))/,
];

const model: Phrases = [
  /^you are not allowed to (?:generate|create|sample|use|access|call)\b.{0,60}\bmodel\b/,
  /^(?:the |this |your |a )?(?:(?:embeddings?|specified|requested|provided|given|selected|chosen) )*(?:models?|deployment|engine)(?!')\b[ :=]*(?:[§\w./:@+-]+ ){0,3}?(?:[§\w./:@+-]+[, ]+)?(?:(?:does|do) not exist|doesn't exist|not exists?\b|not found|is not (?:supported|available|valid|known|recogni[sz]ed|deployed|loaded|allowed|accessible|found|permitted|registered|configured|an? (?:\w+ )?embedding)|not supported|is (?:unknown|invalid|disabled|unavailable)|disabled\b|(?:has been|is|was) (?:deprecated|retired|decommissioned|removed|discontinued|shut ?down)|(?:is )?no longer (?:available|supported)|has reached its end of life|(?:does not|doesn't|cannot|can't|can not) (?:support|generate|create|produce|compute|be used for)(?: \w+){0,3} embed)/,
  /^(?:unknown|invalid|unsupported|unrecogni[sz]ed|no such|non-?existent|incorrect|wrong|deprecated) (?:embeddings? |deployment )?(?:model|deployment|engine)\b(?! (?:input|output|response|param))/,
  /^no (?:embeddings? )?(?:models? (?:is |are )?(?:loaded|found|available)|(?:allowed )?(?:endpoints?|providers?|deployments?) (?:found|available|support))/,
  /^[§\w./:@+-]{1,120} is not an? (?:(?:valid|known|supported|embeddings?) )*(?:model|deployment)\b/,
  /^[§\w./:@+-]{1,120} is not found for api version\b/,
  /^[§\w./:@+-]{1,120} (?:does not|doesn't) support embed/,
  /^(?:this|the) (?:server|endpoint|instance|api|operation|provider) (?:does not|doesn't) support embed/,
  /^(?:this|the) embeddings? (?:operation|endpoint|api)\b.{0,20}(?:does not work with|does not support|is not supported)\b.{0,40}\bmodel/,
  /^embeddings? (?:api |endpoint |generation )?(?:is|are) not (?:supported|available) (?:by|for|with|on) (?:this|the|that)\b.{0,40}\bmodel/,
  /^(?:unable|failed) to (?:access|load|find) (?:the )?(?:non-serverless )?(?:embeddings? )?model\b/,
  /^(?:access to (?:the |this )?model\b.{0,80}\b(?:not allowed|denied|forbidden)|model access (?:is )?denied)\b/,
  /^(?:no access to|could not find|couldn't find|cannot find|can't find) (?:the )?(?:embeddings? )?model\b/,
  /^(?:you|user|key|team|project|organi[sz]ation)\b.{0,80}\bnot authorized to (?:access|use) (?:the |this )?model\b/,
  /^you (?:do not|don't) have access to (?:the |this )?(?:requested |specified )?(?:model|deployment)\b/,
  /^(?:project|team|organi[sz]ation|org|user|key|your \w+)\b.{0,80}\b(?:does not have access to|doesn't have access to|has no access to|not allowed to access) (?:the |this )?model\b/,
  /^the api deployment for this resource does not exist\b/,
  /^.{0,30}模型.{0,30}(?:不存在|未找到|不支持)/,
];

const permission: Phrases = [
  /^user location is not supported\b/,
  /^(?:your |this |the )?(?:country|region|location|territory)\b.{0,80}\bnot (?:supported|available|allowed)\b/,
  /^.{0,100}\bnot (?:available|supported|accessible|offered) in (?:your|this) (?:country|region|location|territory)\b/,
  /^(?:the |your |this |provided )*api[ _-]?key (?:has an? .{0,30}restriction|is restricted|lacks|does not have|doesn't have|has no|is not (?:authorized|allowed|permitted|enabled))\b/,
  /^requests? (?:from|to) .{0,100}\b(?:is|are) blocked\b/,
  /^(?:your |the |this |client )*(?:ip|ip address|referr?er|origin)\b.{0,60}\b(?:not (?:allowed|authorized|permitted|whitelisted)|blocked|denied|restricted)\b/,
  /^you (?:have insufficient permissions|do not have permission|don't have permission|are not authorized|must be a member)\b/,
  /^permission (?:denied[.!]?$|\S+ denied\b)/,
  /^the caller does not have permission\b/,
  /^access denied due to virtual network\b/,
  /^(?:this|your|the) (?:organi[sz]ation|workspace) (?:has been|is) (?:disabled|deactivated|suspended)\b/,
  /^[\w .-]{0,80}\b(?:api|service|model)\b[§\w ./:@+-]{0,80}\b(?:has not been used in project|is not enabled|has not been enabled|not been activated|not activated|must be enabled)\b/,
];

const keyNames =
  '(?:api[ _-]?(?:key|token)s?|apikey|access token|bearer token|subscription key|secret key|x-api-key|proxy server token|auth(?:entication|orization)? (?:token|key|header|credentials?)|credentials)';
const credential: Phrases = [
  new RegExp(
    `^(?:incorrect|invalid|wrong|bad|expired|revoked|unknown|malformed|disabled|inactive|unauthorized|missing|no|illegal)(?: or \\w+)?(?: \\w+){0,2}? ${keyNames}\\b`,
  ),
  new RegExp(
    `^(?:(?:the|your|this|that|provided|supplied|given|specified|an?) )*(?:\\w+ )?${keyNames}\\b.{0,80}?\\b(?:not valid|invalid|incorrect|expired|revoked|disabled|deactivated|not found|leaked|compromised|deleted|(?:does not|doesn't|not) exist|not recogni[sz]ed|suspended|missing|required|not provided|wrong|not active|inactive|rejected|reported|blocked|malformed|unknown|not correct)\\b`,
  ),
  /^(?:invalid|incorrect|bad|expired|wrong) (?:token|key|credentials?|authorization|authentication)(?: provided| supplied)?[.!]?$/,
  /^(?:this|your|the) key (?:is|was|has been) (?:disabled|revoked|expired|deactivated|blocked|invalid|suspended|deleted)\b/,
  /^login fail/,
  /^you (?:didn't|did not|must) provide an? (?:valid )?api key\b/,
  /^(?:please )?(?:provide|pass|use|supply) an? (?:valid |new |different )?api key\b/,
  /^authentication (?:error|failed|failure|fails|required|is required)\b/,
  /^(?:unauthenticated|unauthorized|not authenticated|bad credentials|invalid username or password|user not found|no (?:cookie )?auth credentials)\b/,
  /^(?:could not|couldn't|failed to|unable to) (?:validate|authenticate|verify) (?:the |your )?(?:credentials?|request|user|api key|token|key)\b/,
  /^request (?:is missing required|had invalid) authentication\b/,
  /^method doesn't allow unregistered callers\b/,
  /^access denied due to invalid\b/,
  /^the security token included in the request is\b/,
  /^missing authentication token\b/,
  /^consumer\b.{0,120}\bhas been suspended\b/,
  /^.{0,20}(?:api ?key|令牌|密钥|authorization token|身份验证).{0,20}(?:无效|非法|不正确|错误|过期|失效|不存在|失败)/,
];

const rate: Phrases = [/^(?:rate limit|request rate limit|too many requests|throttl)/];
const moderation: Phrases = [/^.{0,80}\b(?:requires moderation|was flagged|content policy|safety system)\b/];

/** What a per-minute limit says. Some vendors call it a quota, too. */
const shortLimit =
  /\bper[ -]?(?:second|minute|hour)\b|\/ ?(?:sec|s|min|minute|hour)\b|\brate limits?\b|\b[rt]pm\b|\brps\b/;

/** The field of the model in quotes, which are taken out elsewhere. */
const namesModelField =
  /^(?:invalid|unsupported|unknown) (?:value|argument)(?: for)?:? ['"`]?model['"`]?(?:\W|$)/i;

/** The families in the order in which they are asked: what a tenant can mend without another key comes first. */
const families: readonly (readonly [FailureCode, Phrases])[] = [
  ['quota_exhausted', quota],
  ['model_not_found', model],
  ['permission_denied', permission],
  ['credential_rejected', credential],
  ['provider_rate_limited', rate],
  ['input_rejected', moderation],
];

/** Finds the code that one of the beginnings of a message has (see `sentenceStarts`); undefined when none is known. */
export function codeOfPhrase(message: string, starts: readonly string[]): FailureCode | undefined {
  if (namesModelField.test(message)) return 'model_not_found';
  const isShort = shortLimit.test(message.toLowerCase());
  for (const [code, phrases] of families) {
    if (code === 'quota_exhausted' && isShort) continue;
    const found = starts.some((start) => phrases.some((phrase) => phrase.test(start)));
    if (found) return code;
  }
  return undefined;
}

const day =
  /per[ _-]?day|\/ ?day\b|\bdaily\b|byday\b|\b[rt]pd\b|per 86400 ?s|\b24[ -]?h(?:ours?)?\b|当天|当日|每日|今日/i;

/** Whether a text names a limit of a day. */
export const namesDay = (text: string): boolean => day.test(text);
