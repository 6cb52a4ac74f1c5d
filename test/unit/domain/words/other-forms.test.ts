import { describe, expect, it } from 'vitest';
import { howFound } from '../../../support/match-words.ts';

describe('a word in another form', () => {
  it.each([
    ['café', 'cafe'],
    ['café'.normalize('NFD'), 'cafe'],
    ['cafe', 'café'],
    ['résumé', 'resume'],
    ['naïve', 'naive'],
    ['São Paulo', 'sao paulo'],
    ['Ångström', 'angstrom'],
    ['İstanbul', 'istanbul'],
    ['ışık', 'isik'],
    ['IŞIK', 'isik'],
    ['½ cup', '1/2'],
    ['हिन्दी', 'हिंदी'],
    ['हिंदी', 'हिन्दी'],
    ['सम्बन्ध', 'संबंध'],
    ['Größe', 'grosse'],
    ['Größe', 'groesse'],
    ['Groesse', 'Größe'],
    ['GRÖSSE', 'größe'],
    ['Straße', 'strasse'],
    ['STRASSE', 'straße'],
    ['Müller', 'mueller'],
    ['Mueller', 'müller'],
    ['Łódź', 'lodz'],
    ['smørrebrød', 'smorrebrod'],
    ['smørrebrød', 'smoerrebroed'],
    ['Ærø', 'aero'],
    ['Þór', 'thor'],
    ['cœur', 'coeur'],
    ['Hà Nội', 'ha noi'],
    ['Đà Nẵng', 'da nang'],
    ['ha noi', 'Hà Nội'],
    ['ёлка', 'елка'],
    ['елка', 'ёлка'],
    ['йод', 'йод'.normalize('NFD')],
    ['ΆΝΘΡΩΠΟΣ', 'ανθρωπος'],
    ['λόγος', 'ΛΟΓΟΣ'],
    ['كِتَابٌ', 'كتاب'],
    ['كـــتاب', 'كتاب'],
    ['أحمد', 'احمد'],
    ['إدارة', 'اداره'],
    ['مدرسة', 'مدرسه'],
    ['مستشفى', 'مستشفي'],
    ['فارسی', 'فارسي'],
    ['שָׁלוֹם', 'שלום'],
    ['हिन्दी', 'हिन्दी'.normalize('NFD')],
    ['१२३', '123'],
    ['٤٢', '42'],
    ['۴۲', '42'],
    ['ＡＢＣ１２３', 'abc123'],
    ['abc123', 'ＡＢＣ１２３'],
    ['ﬁsh', 'fish'],
    ['ﬂuﬃer', 'fluffier'],
    ['ĳs', 'ijs'],
    ['x²', 'x2'],
    ['Ⅷ', 'viii'],
    ['𝐁𝐨𝐥𝐝', 'bold'],
    ['wo\u00ADrd', 'word'],
    ['wo\u2060rd', 'word'],
    ['\u202Eword\u202C', 'word'],
    ['\uFEFFword', 'word'],
    ['word\uFE0F', 'word'],
    ['foo\u200Bbar', 'foobar'],
    ['foo\u200Bbar', 'bar'],
    ['می‌خواهم', 'میخواهم'],
    ['می‌خواهم', 'خواهم'],
    ['don’t', "don't"],
    ["don't", 'dont'],
    ['the user’s guide', 'user guide'],
    ["l'idempotence", 'idempotence'],
    ['l’idempotence', 'idempotence'],
    ["O'Brien", 'obrien'],
    ['пʼять', "п'ять"],
  ])('is found: in %s by %s', (text, q) => {
    expect(howFound(text, q)).toMatch(/exactly|in a form/);
  });

  it.each([
    ['résumé', 'resume'],
    ['Größe', 'grosse'],
    ['ёлка', 'елка'],
    ['running', 'run'],
    ['users', 'user'],
    ['getUserById', 'user'],
    ['v1.9', '1.9'],
  ])('is no exact one: in %s by %s', (text, q) => {
    expect(howFound(text, q)).toBe('in a form');
    expect(howFound(q, q)).toBe('exactly');
  });

  it.each([
    ['en', 'The pumps were lubricated', 'lubricate pump'],
    ['de', 'Die Einstellungen der Datenbanken', 'Einstellung Datenbank'],
    ['fr', 'les configurations enregistrées', 'configuration enregistrée'],
    ['es', 'las configuraciones guardadas', 'configuración guardada'],
    ['ru', 'настройки базы данных', 'настройка база'],
    ['ar', 'المستخدمون', 'مستخدمون'],
  ])('is found by its stem in the language of its text: %s', (language, text, q) => {
    expect(howFound(text, q, language)).toMatch(/exactly|in a form/);
  });

  it('has an English stem in a text of another script', () => {
    expect(howFound('Настройка параметра timeouts в файле', 'timeout', 'ru')).toBe('in a form');
    expect(howFound('配置 timeouts 参数', 'timeout', 'zh')).toBe('in a form');
  });
});
