import { describe, expect, it } from 'vitest';
import { analyzeText, maxPosition, wordsPerOffset } from '../../../../src/domain/words/analyze-text.ts';
import { lexemesOf } from '../../../support/match-words.ts';

const article = { title: '', tags: [], category: '', body: '', language: 'en' };

/** The places of a lexeme, with their weights. */
function places(vector: string, lexeme: string): string | undefined {
  return new RegExp(`(?:^| )'${lexeme}':(\\S+)`).exec(vector)?.[1];
}

describe('the words of an article', () => {
  it('have the weights of title, tags and category, headings, and the rest', () => {
    const body =
      '# Alpha beta\n\ngamma\n\nDelta\n-----\nepsilon\n\n> ## Zeta\n\n```sh\n# eta\n```\n\n- # theta\niota';
    const { vector } = analyzeText({
      ...article,
      title: 'One',
      tags: ['two', 'three'],
      category: 'guide',
      body,
    });
    const weights = (word: string) => places(vector, word)?.replace(/\d/g, '');
    expect(['one', 'two', 'three', 'guide'].map(weights)).toEqual(['A', 'B', 'B', 'B']);
    expect(['alpha', 'beta', 'delta', 'zeta', 'theta'].map(weights)).toEqual(['C', 'C', 'C', 'C', 'C']);
    expect(['gamma', 'epsilon', 'eta', 'iota'].map(weights)).toEqual(['', '', '', '']);
  });

  it('are counted, and have positions with one between two fields left free', () => {
    const words = analyzeText({
      ...article,
      title: 'Blue pump',
      tags: ['red'],
      category: 'guide',
      body: 'Oil it',
    });
    expect(words.vector).toBe("'blue':1A 'pump':2A 'red':4B 'guide':6B '~guid':6B 'oil':8 'it':9");
    expect(words).toMatchObject({ length: 6, bodyFrom: 8, offsets: [0], language: 'en' });
  });

  it('begin where the offsets say, in characters', () => {
    const word = (index: number) => `👍 wörd${index}x`.normalize('NFD');
    const body = Array.from({ length: 300 }, (_, index) => word(index)).join('\n');
    const { offsets, bodyFrom, vector } = analyzeText({ ...article, title: 'Many', body });
    const characters = Array.from(body);
    const at = new Map([...lexemesOf(vector)].map(([lexeme, found]) => [found[0], lexeme]));
    expect(offsets).toHaveLength(Math.ceil((300 * 3) / wordsPerOffset));
    for (const [index, offset] of offsets.entries()) {
      const rest = characters.slice(offset, offset + 8).join('');
      const position = bodyFrom + index * wordsPerOffset;
      expect(`${position} ${rest}`).toContain(index % 3 === 0 || at.has(position) ? `${position} ` : 'x');
      expect(rest).not.toMatch(/^\s/);
    }
    expect([...offsets].sort((one, other) => one - other)).toEqual(offsets);
  });

  it('begin again at position 1 behind the last that Postgres counts, and keep 255 places', () => {
    const { vector, length } = analyzeText({ ...article, body: `${'a '.repeat(maxPosition - 1)}far away` });
    expect(length).toBe(maxPosition + 1);
    expect(places(vector, 'away')).toBe('3');
    expect(places(vector, 'a')?.split(',')).toHaveLength(255);
  });

  it('are below a megabyte, the first ones kept', () => {
    const body = Array.from({ length: 70_000 }, (_, index) => `w${(index * 7919).toString(36)}q`).join(' ');
    const { vector } = analyzeText({ ...article, title: 'Kept title', body });
    const bytes = [...lexemesOf(vector)].reduce(
      (sum, [lexeme, found]) => sum + Buffer.byteLength(lexeme) + 3 + 2 * found.length,
      0,
    );
    expect(bytes).toBeLessThan(1_000_000);
    expect(bytes).toBeGreaterThan(500_000);
    expect(places(vector, 'kept')).toBe('1A');
  });

  it('are never longer than a lexeme may be', () => {
    for (const unit of ['a', '漢', 'ﷺ', '한', '𝐀', 'é', 'aB', '_a', 'ก']) {
      const { vector } = analyzeText({ ...article, title: unit.repeat(500), body: unit.repeat(2_000) });
      for (const [lexeme] of lexemesOf(vector)) expect(Buffer.byteLength(lexeme)).toBeLessThan(2_046);
    }
  });

  it.each([
    ['en', 'The settings of the database pool are read when the service starts.'],
    ['de', 'Die Einstellungen der Datenbank werden beim Start des Dienstes gelesen.'],
    ['fr', 'Les paramètres de la base de données sont lus au démarrage du service.'],
    ['es', 'Los parámetros de la base de datos se leen cuando arranca el servicio.'],
    ['ru', 'Настройки базы данных читаются при запуске службы.'],
    ['ar', 'تتم قراءة إعدادات قاعدة البيانات عند بدء تشغيل الخدمة.'],
    ['zh', '服务启动时会读取数据库连接池的设置。'],
    ['ja', 'サービスの起動時にデータベースの設定が読み込まれます。'],
    ['ko', '서비스가 시작될 때 데이터베이스 설정을 읽습니다.'],
    ['pl', 'Ustawienia bazy danych są odczytywane podczas uruchamiania usługi.'],
    ['th', 'การตั้งค่าฐานข้อมูลจะถูกอ่านเมื่อบริการเริ่มทำงาน'],
  ])('have the language of their text: %s', (language, body) => {
    expect(analyzeText({ ...article, body, language: null }).language).toBe(language);
    const code = '```js\nconst pool = await createPool({ max: 10 });\n```\n';
    expect(analyzeText({ ...article, body: code + body, language: null }).language).toBe(language);
  });

  it.each(['', 'x', 'Kubernetes', '574afd7 10.0.0.1', '👍', '```\nconst pool = 1;\n```'])(
    'have none where it cannot be told: %j',
    (body) => {
      expect(analyzeText({ ...article, body, language: null }).language).toBeNull();
    },
  );

  it('have the language that the author has set', () => {
    const body = 'The settings of the database pool are read when the service starts.';
    expect(analyzeText({ ...article, body, language: 'de' }).language).toBe('de');
  });
});
