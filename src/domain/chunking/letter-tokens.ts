/**
 * The characters above ASCII that OpenAI's vocabulary cl100k holds as one token: those that are common in much written
 * languages. A test compares both lists with the vocabulary.
 */
const commonCharacters = [
  '\u0080\u0092\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¹º»¼½¾¿ÀÁÂÃÄÇÉÍÎÐÑÓÖ×ÚÜßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýāăąćčĐđēęěğīİıłńōőœ',
  'řśşšţťūůűźżžơưșțəɵ\u0300\u0301άέήίαβγδεηθικλμνοπρςστυφχωόЂАБВГДЕЗИКЛМНОПРСТУФЦЧЭЯабвгдежзийклмнопрстуфхцчшщъыьэюяёіאבד',
  'הוחילמנערשת،أإابةتثجحخدذرزسشصضطظعغفقكلمنهوىي\u064e\u064f\u0650\u0651\u0652پکگی\u0902कतनपमरलसह\u093e\u093f\u0940\u0941',
  '\u0947\u094b\u094dনর\u09be\u09bf\u09c7\u09cd\u0bbf\u0bc1\u0bcd\u0d4dกขคงจชณดตถทนบปผพมยรลวสหอะ\u0e31าำ\u0e34\u0e35',
  '\u0e37\u0e38\u0e39เแใไ\u0e47\u0e48\u0e49\u0e4c\u17b6ạảấầẩậắặếềểệỉịọỏốồổỗộớờởợụủứửữự\u200b\u200c\u200e‐‑–—―‘’‚“”„†•…‰′″',
  '›※₀₁₂€™←↑→↓−─━│═║╗╝█░■►●★☆☴♀♥♪✔⟩⠀\u3000、。《》「」『』【】〜あいうえおかがきくけこごさざしじすせそただちっつてでとど',
  'なにのはばまみめもやよらりるれろわをんアィイウェエオカキクグコサシジスズセタダチッテデトドナニバパビピフブプペポマムメ',
  'ャュョラリルレロン・ー一万三上下不与专业东两个中串为主么义之也书了事二于五些交产享京人亿今介从他付代以们件价任份企优会',
  '传但位体何余作你使例供価保信修倍值停像元先入全公共关其具内円册再写出击分列则初利别到制前力功加务动動包化北区十午华单南',
  '即历原去县参及友反发取变口只可台右号司合同名后向否含听启告员周命和品哈商問器四回因国图土在地场址型城基報場填增声处备复',
  '外多大天失头女好如始子字存学安宋完定实审客家容密对导将小少尔就局展山岁州工左已市布常平年并广序库应店度建开异式引张当录',
  '形影径待後得微心必志态思性总息您情意感成我或户所手打找技投报拉持指按换据排接推提播支收改放政效数整文料断新方族无日时明',
  '易星是時景更最月有服期木未本机权束条来板构析果查标样核格案检模次款止正此步歳段每比民気水求江汽没治法注活流海消清游源火',
  '点無然片版物特率环现球理生用由电男画界番登的监目直相省看県真知码确示社票私种科秒称移程稍税稿空立站章端笑符第等签简算管',
  '箱米类系素索约级线组经结给络统编网置美老考者而联能自至色节英藏行表装西要見见规视角解言計記話読计认议记论设证评试话询该',
  '详语误说请读调象责败账货购费资起超路身车转软载辑输达过运近还这进连述退送选通速造連道邮部都配释里重量金钟钮链销错键长開',
  '間関门闭问间队阳陆限院除雅集雷需非面音页项预频题额首验高黑가간값개거게결경고공과구그글기나내는능니다당대도동되된드든들',
  '디라래러력로록료류른를름리만메면명목문미버번보복부분비사산상색생서성세션소수스습시식신아야어에여열오와요용우운원위으은',
  '을음의이인일임입자작장재적전정제져조주지진째체출치크태터턴트튼하한할함해호화환회\ufe0f！（），－．／０１２３４５６７８',
  '９：；＞？＾～･￥\ufffd',
].join('');

/** Blocks of 64 characters, by their number, whose first two UTF-8 bytes are one token: each of them costs two at most. */
const blocksOfTwoTokens =
  '24-2b 2e-3a 3c-3d 40 43 5e-5f 7a-7b 80-82 84-86 88-89 91 94-99 9c-9f c0-c3 c5 138-141 143 145-151 ' +
  '153-156 15b-15d 15f-165 167 16d-172 177-181 183-184 188-18f 191-192 194-1a1 1a3 1a5 1ac-1bc 1c1 1c4 ' +
  '1c8-1c9 1ce-1d0 1d4-1d5 1d9-1dd 1e1-1e2 1e4-1ef 1f1-1f2 1f4-1f5 1fa-1fe 200-203 207-20d 20f-210 219 ' +
  '221-223 226-22a 22d-237 23d-243 247 24c 252-25d 260-263 266 269 27b 27e 2b0-2b3 2b5 2b7-2b9 2c2 ' +
  '2c4-2c5 2ca-2cb 2cd 2cf-2d0 2d3-2d4 2de-2e1 2e3 2e5-2e7 2e9-2ea 2ef-2f0 2f2-2f3 2f6 2f8 302-306 ' +
  '30a-30b 315-31e 320 324 326-327 330 332 336 339 341 343-344 34a 34c 355 358-359 3c2 3f8 3fc-3ff';

const blockSize = 64;
const tokensOf = createTable();

/**
 * The most tokens that a character above ASCII costs. A byte-level vocabulary spends a token on each UTF-8 byte of what it does
 * not know, so this is a bound and no average: a text may consist of letters that no language uses often.
 */
export function letterTokens(codePoint: number): number {
  return tokensOf[codePoint] ?? 4;
}

function createTable(): Uint8Array {
  const table = new Uint8Array(0x10000).fill(3);
  table.fill(2, 0, 0x800);
  for (const range of blocksOfTwoTokens.split(' ')) {
    const [first = 0, last = first] = range.split('-').map((block) => Number.parseInt(block, 16));
    table.fill(2, first * blockSize, (last + 1) * blockSize);
  }
  for (const character of commonCharacters) table[character.charCodeAt(0)] = 1;
  return table;
}
