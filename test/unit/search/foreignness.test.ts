import { describe, expect, it } from 'vitest';
import { foreignnessOf } from '../../../src/search/foreignness.ts';

describe('the foreignness of an article to a query', () => {
  it('is none in the language of the query, and whole in another', () => {
    const of = foreignnessOf('Wie speichert man die Kennwörter der Kunden sicher?');
    expect(of('de')).toBe(0);
    expect(of('en')).toBe(1);
  });

  it('is told by the script, also of a short query, and beside a name in Latin letters', () => {
    for (const q of ['отказ', 'Kafka сообщения']) {
      expect(foreignnessOf(q)('en')).toBe(1);
      expect(foreignnessOf(q)('ru')).toBe(0);
    }
    expect(foreignnessOf('消息')('en')).toBe(1);
    expect(foreignnessOf('password')('ru')).toBe(1);
  });

  it('is nearly whole where a language is not known: of one word or two, or of the article', () => {
    expect(foreignnessOf('monolith')('en')).toBe(0.75);
    expect(foreignnessOf('how do we store the passwords of our customers')(null)).toBe(0.75);
  });
});
