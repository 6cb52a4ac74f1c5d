import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { analyzeText } from '../../../../src/domain/words/analyze-text.ts';
import { analyzerVersion } from '../../../../src/domain/words/analyzer-version.ts';

/** What the words of the texts below come to, for each version. */
const golden = new Map([[1, 'fd93bea4d52f8f75']]);

const bodies = [
  'The settings of the database pool are read once, when the service starts; running pumps don’t need them.',
  'Die Einstellungen der Größe werden beim Start gelesen. Straße, Müller, groß.',
  'Les paramètres de la base de données sont lus au démarrage. L’été, cœur, naïve.',
  'Настройки базы данных читаются при запуске службы, ёлка и йод.',
  'تتم قراءة إعدادات قاعدة البيانات عند بدء تشغيل الخدمة، كِتَابٌ.',
  '服务启动时会读取数据库连接池的设置，用Docker部署。如何避免缓存击穿',
  'サービスの起動時にデータベースの設定が読み込まれます。ｶﾀｶﾅ、コンピューター',
  '서비스가 시작될 때 데이터베이스를 읽습니다. 번역을 부탁해',
  'การค้นหาข้อมูลในระบบ',
  '# getUserById\n\nparseHTMLResponse, OAuth2Client; v1.9 and 14.2.1.0.\n\nC++ or C#\n---------\n.NET, /etc/hosts\n',
  'ops@example.com https://example.com/a?b=c#d something_2020-07-13_important_words.pdf 1,000 574afd7 sign-off',
];

it('is raised with every change of the words of a text', () => {
  const words = bodies.map((body) =>
    analyzeText({ title: 'A title', tags: ['first tag', 'c++'], category: 'guide', body, language: null }),
  );
  // If this fails, the words of articles have changed: raise the version, and add the hash that the failure shows.
  const found = words.map(({ version: _, ...rest }) => rest);
  expect(hash('sha256', JSON.stringify(found), 'hex').slice(0, 16)).toBe(golden.get(analyzerVersion));
});
