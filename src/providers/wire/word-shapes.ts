import type { FailureCode } from '../../domain/failures.ts';
import type { WordList } from './refusal-words.ts';

/** How codes are built that no list has: `DISABLED_API_KEY`, `balance_not_enough`, `UnsupportedModelForEmbedding`. */
const shapes: readonly (readonly [FailureCode, RegExp])[] = [
  [
    'quota_exhausted',
    /(?:insufficient|notenough|outof|no)(?:account)?(?:quota|balance|credits?|funds)$|(?:balance|credits?|budget|spend(?:ing)?(?:limit)?|billing(?:limit)?|quota)(?:exceeded|exhausted|depleted|insufficient|reached|toolow|notenough)$/,
  ],
  [
    'model_not_found',
    /model\w{0,20}?(?:notfound|notexists?|doesnotexist|notsupported|unsupported|unavailable|notavailable|invalid|decommissioned|deprecated|retired)$|^(?:invalid|unknown|unsupported|nosuch|nonexistent)(?:embeddings?)?model/,
  ],
  [
    'permission_denied',
    /(?:region|country|location|ip|ipaddress|referr?er)(?:not(?:supported|allowed|authorized|permitted)|unsupported|blocked|restricted|denied)$|insufficient(?:permissions?|scopes?)$/,
  ],
  [
    'credential_rejected',
    /^(?:invalid|incorrect|expired|revoked|disabled|unknown|missing|bad|wrong|leaked|inactive|suspended)(?:api|access|auth|authentication)?(?:key|token|credentials?|auth|authentication)$|(?:apikey|apitoken|accesstoken)(?:is)?(?:invalid|incorrect|expired|revoked|disabled|unknown|missing|notfound|leaked|compromised|deleted|inactive|suspended|blocked)$/,
  ],
];

/** Finds the code of the first word whose shape says it; undefined when none does. */
export const codeOfShape: WordList = (words) => {
  for (const word of words) {
    // A limit of the rate is waited for, whatever it is called.
    const found = /rate|throttl/.test(word) ? undefined : shapes.find(([, shape]) => shape.test(word));
    if (found !== undefined) return found[0];
  }
  return undefined;
};
