/**
 * A character that a reader sees: no blank space, control or format character, no combining mark, which needs a letter to stand on,
 * and none of those that are drawn as nothing, such as the fillers of Hangul, the empty pattern of braille and the null notehead.
 */
const visible =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}]/u;

/**
 * Whether a reader sees anything of a text. It is the one rule of what counts as empty, at the door and before a text is sent to a
 * provider: what nobody sees, nobody can find. Each character is looked at once at most.
 */
export function hasVisible(text: string): boolean {
  return visible.test(text);
}
