import { describe, expect } from 'vitest';
import { insertArticles } from '../../support/article-rows.ts';
import { newTenant } from '../articles/article-facts.ts';
import { factsOfSearch } from './search-facts.ts';
import { search, titles, write } from './search-tenant.ts';

// What people type, by words alone and without a key: each kind with several of it.
const it = factsOfSearch();

describe('a search by words', () => {
  it('finds stop words where nothing else is asked for, in quotes and without', async ({ tenant }) => {
    for (const title of ['To be or not to be', 'The Who', 'IT']) await write(tenant, title, 'Some text.');
    for (const title of ['To be or not to be', 'The Who', 'IT'])
      for (const q of [title, `"${title}"`, title.toLowerCase()])
        expect(titles(await search(tenant, { q, mode: 'keyword' }))[0]).toBe(title);
  });

  it('finds tags, and leaves them out where they are excluded', async ({ tenant }) => {
    await write(tenant, 'One', 'about servers', { tags: ['ssrf', 'concurrencia'] });
    await write(tenant, 'Other', 'about servers', { tags: ['monolith'] });
    expect(titles(await search(tenant, { q: 'ssrf', mode: 'keyword' }))).toEqual(['One']);
    expect(titles(await search(tenant, { q: 'servers -ssrf', mode: 'keyword' }))).toEqual(['Other']);
  });

  it('puts a title before long articles that have its words somewhere', async ({ tenant }) => {
    const long = `People meet. ${'Editing takes time and the record is old. '.repeat(40)} Two people are editing the same thing.`;
    for (let i = 0; i < 5; i += 1) await write(tenant, `Long ${i}`, long);
    await write(tenant, 'Two people editing the same record', 'The later one loses.');
    const found = await search(tenant, { q: 'two people editing the same record', mode: 'keyword' });
    expect(titles(found)[0]).toBe('Two people editing the same record');
  });

  it('finds a phrase at the end of a long text, common words included', async ({ tenant }) => {
    const long = `${'The release of the driver has the fix for the bug. '.repeat(3_000)} The very last line of the text.`;
    await write(tenant, 'Changelog', long);
    await write(tenant, 'Other', 'The line is the very last.');
    for (const q of ['"the very last line of the text"', '"the text"'])
      expect(titles(await search(tenant, { q, mode: 'keyword' }))).toEqual(['Changelog']);
    expect(titles(await search(tenant, { q: '"the very bug"', mode: 'keyword' }))).toEqual([]);
  });

  it('tells what became of each word', async ({ tenant }) => {
    await write(tenant, 'One', 'A lease of the scheduler is lubricated.');
    const { meta } = await search(tenant, {
      q: 'the leese qwertzuio scheduler -kafka lubri',
      mode: 'keyword',
    });
    expect(meta.words).toEqual(
      expect.arrayContaining([
        { word: 'the', status: 'common' },
        { word: 'leese', status: 'corrected', instead: 'lease' },
        { word: 'qwertzuio', status: 'unknown' },
        { word: 'scheduler', status: 'matched' },
        { word: 'lubri', status: 'prefix', instead: 'lubri*' },
        expect.objectContaining({ status: 'excluded' }),
      ]),
    );
  });
});

/** Of each: what is searched, the text of the article that is to be first, and of another one that may be behind it. */
const kinds: Record<string, readonly (readonly [q: string, body: string, other?: string])[]> = {
  'scripts without blanks': [
    ['テスト', '日本語のテスト'],
    ['日本語', 'これは日本語のテストです'],
    ['测试', '这是一个测试'],
    ['번역', '번역을 부탁해'],
    ['ค้นหา', 'การค้นหาข้อมูลในเอกสาร'],
    ['Docker', '用Docker部署'],
    ['部署', '用Docker部署服务'],
  ],
  'accents, width, ligatures and forms': [
    ['cafe', 'a café'],
    ['cafe\u0301', 'a caf\u00e9'],
    ['resume', 'my résumé'],
    ['abc123', 'ＡＢＣ１２３'],
    ['fish', 'ﬁsh'],
    ['كتاب', 'كِتَابٌ'],
    ['grosse', 'die Größe der Datei'],
    ['groesse', 'die Größe der Datei'],
    ['lodz', 'Łódź'],
    ['ha noi', 'Hà Nội'],
    ['елка', 'ёлка'],
  ],
  'joined names': [
    ['important', 'see something_2020-07-13_important_words.pdf here'],
    [
      'something_2020-07-13_important_words.pdf',
      'something_2020-07-13_important_words.pdf',
      'something important words',
    ],
    ['4711', 'TICKET-4711 is open'],
    ['TICKET-4711', 'TICKET-4711 is open', 'TICKET-4712 is open'],
    ['cve 2024 1234', 'CVE-2024-1234 is fixed', 'CVE-2023-1234 is fixed'],
    ['signoff', 'a sign-off'],
    ['email', 'an e-mail'],
    ['gpt4o', 'GPT-4o answers'],
    ['coredns', 'coredns-5d78c9869d-abcde restarts'],
  ],
  'camel case': [
    ['getUser', 'call getUserById first'],
    ['getUserById', 'call getUserById first', 'get the user by his id'],
    ['html response', 'parseHTMLResponse fails'],
    ['KafkaProducer', 'a KafkaProducerConfig'],
  ],
  versions: [
    ['1.9', 'since v1.9', 'since v1.8 and v1.10'],
    ['v1.9', 'since v1.9', 'since v1.90'],
    ['14.2.1', 'release 14.2.1.0'],
    ['3.12', 'Python 3.12.4 is needed'],
  ],
  'addresses and paths': [
    ['example.com', 'write to ops@example.com'],
    ['ops@example.com', 'write to ops@example.com', 'write to dev@example.com'],
    ['hosts', 'edit /etc/hosts'],
    ['api.ts', 'see src/api.ts', 'see src/app.ts'],
    ['https://example.com/a?b=c#d', 'open https://example.com/a?b=c#d', 'open https://example.com/'],
    ['574afd7', 'since commit 574afd7'],
  ],
  'short odd names': [
    ['C++', 'a program in C++', 'a program in C'],
    ['C#', 'a program in C#', 'a program in C'],
    ['C', 'a program in C', 'a program in C++17'],
    ['notepad++', 'open Notepad++', 'open a notepad'],
    ['b+ tree', 'the B+ tree', 'the B tree'],
  ],
  'options of a command': [
    ['tar -xvf', 'unpack with tar -xvf archive', 'tar on the roof'],
    ['rm -rf node_modules', 'run rm -rf node_modules first'],
    ['tool deploy -force', 'tool deploy -force overwrites'],
    ['flag -Xmx4g', 'the flag -Xmx4g gives it room', 'the flag is red'],
    ['ls -la', 'list all with ls -la'],
    ['kubectl get pods -n kube-system', 'kubectl get pods -n kube-system shows them'],
  ],
  'a word that is nowhere': [
    ['how often do I lubricate the pump', 'Lubricate the pump each month', 'the pump is red'],
    ['often lubricate pump', 'Lubricate the pump each month', 'the pump is red'],
    ['ECONNRESET in fastify on node22', 'fastify fails with ECONNRESET', 'fastify is a server'],
  ],
  prefixes: [
    ['argon', 'argon2id hashes'],
    ['idemp*', 'an idempotency key'],
    ['retry idemp', 'retry with an idempotency key', 'retry it'],
  ],
  'phrases in quotes': [
    ['"getUserById"', 'call getUserById first', 'get user by id'],
    ['"You were right"', 'He said: You were right.', 'You turned right where we were'],
  ],
};

describe.for(Object.entries(kinds))('of %s', ([kind, cases]) => {
  it('the article is found, before the other one', async ({ api }) => {
    for (const [q, body, other] of cases) {
      const tenant = await newTenant(api);
      await insertArticles(api.db, tenant.id, [
        ...(other === undefined ? [] : [{ title: 'Behind', body: other }]),
        { title: 'First', body },
        { title: 'Unrelated', body: 'Much about something else altogether.' },
      ]);
      const found = titles(await search(tenant, { q, mode: 'keyword' }));
      expect({ kind, q, first: found[0] }).toEqual({ kind, q, first: 'First' });
      expect(found).not.toContain('Unrelated');
    }
  });
});
