import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../../src/domain/words/parse-query.ts';
import { howFound } from '../../../support/match-words.ts';

describe('a word of a script without blanks', () => {
  it.each([
    ['日本語のテスト', 'テスト'],
    ['日本語のテスト', '日本語'],
    ['これはデータベースの接続プールです', '接続プール'],
    ['これはデータベースの接続プールです', 'データベース'],
    ['東京都の天気', '東京'],
    ['这是一个测试', '测试'],
    ['如何避免缓存击穿', '缓存'],
    ['如何避免缓存击穿', '缓存击穿'],
    ['用户登录失败后重试三次', '登录失败'],
    ['請參閱資料庫設定檔', '資料庫'],
    ['请检查数据库的连接池配置', '连接池'],
    ['用Docker部署', 'Docker'],
    ['用Docker部署', '部署'],
    ['使用Kubernetes集群', 'kubernetes'],
    ['在MySQL数据库中', '数据库'],
    ['Python3での例外処理', '例外処理'],
    ['번역을 부탁해', '번역'],
    ['서비스를 배포하는 방법', '배포하기'],
    ['서버를 재시작하세요', '재시작'],
    ['서버 재시작', '재시작했습니다'],
    ['로그인되었습니다', '로그인'],
    ['설정됩니다', '설정하기'],
    ['데이터베이스를 백업하는 방법', '데이터베이스'],
    ['데이터베이스는 매일 백업된다', '데이터베이스를'],
    ['분산데이터베이스시스템', '데이터베이스'],
    ['API를 호출한다', 'API'],
    ['การค้นหาข้อมูลในระบบ', 'ค้นหา'],
    ['การค้นหาข้อมูลในระบบ', 'ข้อมูล'],
    ['ติดตั้งDockerบนเซิร์ฟเวอร์', 'เซิร์ฟเวอร์'],
    ['ខ្ញុំចង់ស្វែងរកឯកសារ', 'ឯកសារ'],
    ['ຂ້ອຍຢາກຊອກຫາເອກະສານ', 'ເອກະສານ'],
    ['ကျွန်တော်စာရွက်စာတမ်းရှာချင်တယ်', 'စာရွက်စာတမ်း'],
    ['黑猫在睡觉', '猫'],
    ['我有一只黑猫', '猫'],
    ['𠮷野家で食べる', '𠮷野家'],
  ])('is found: in %s by %s', (text, q) => {
    expect(howFound(text, q)).toMatch(/exactly|in a form/);
  });

  it.each([
    ['这是一个测试', '部署'],
    ['日本語のテスト', 'データ'],
    ['번역을 부탁해', '백업'],
    ['การค้นหาข้อมูล', 'เซิร์ฟเวอร์'],
    ['缓存会击穿', '缓存击穿雪崩'],
  ])('is not found where it does not stand: in %s by %s', (text, q) => {
    expect(howFound(text, q)).not.toMatch(/exactly|in a form/);
  });

  it.each([
    ['東京の天気', '東京', '東京', 'exactly'],
    ['東京都民', '東京', '京都', 'in a form'],
    ['番号を書く', '番号', '番号', 'exactly'],
  ])('is found exactly where a dictionary knows it: in %s', (text, _word, q, how) => {
    expect(howFound(text, q)).toBe(how);
  });

  it.each([
    ['ｶﾀｶﾅのﾊﾞｸﾞ', 'カタカナ'],
    ['ｶﾀｶﾅのﾊﾞｸﾞ', 'バグ'],
    ['カタカナ'.normalize('NFD'), 'カタカナ'],
    ['バグ'.normalize('NFD'), 'バグ'],
    ['データベース', 'でーたべーす'],
    ['コンピューターを買う', 'コンピュータ'],
    ['コンピュータを買う', 'コンピューター'],
    ['번역'.normalize('NFD'), '번역'],
    ['번역을', '번역'.normalize('NFD')],
    ['ﾃｽﾄ', 'てすと'],
    ['第３章', '第3章'],
  ])('is found in its other form: in %s by %s', (text, q) => {
    expect(howFound(text, q)).toMatch(/exactly|in a form/);
  });

  it('is found across a query that is written with blanks or without', () => {
    expect(howFound('数据库连接池', '数据库 连接池')).toMatch(/exactly|in a form/);
    expect(howFound('数据库 连接池', '数据库连接池')).toMatch(/exactly|in a form/);
  });

  it('is a term by itself, and words that say little are left out', () => {
    const { terms, ignored } = parseQuery('如何避免缓存击穿', ['zh']);
    expect(terms.map(({ typed }) => typed)).toEqual(['避免', '缓存', '击穿']);
    expect(ignored).toEqual([{ typed: '如何', reason: 'common' }]);
  });
});
