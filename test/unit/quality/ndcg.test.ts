import { expect, it } from 'vitest';
import { ndcgAt10 } from '../../quality/ndcg.ts';

const grades = { answer: 3, good: 2, related: 1 };

it('is 1 for the best ranking that the judgments allow, whatever comes behind it', () => {
  expect(ndcgAt10(['answer', 'good', 'related'], grades)).toBe(1);
  expect(ndcgAt10(['answer', 'good', 'related', 'x', 'y'], grades)).toBe(1);
});

it('is 0 for a ranking without anything judged, and for an empty one', () => {
  expect(ndcgAt10(['x', 'y'], grades)).toBe(0);
  expect(ndcgAt10([], grades)).toBe(0);
});

it('agrees with a hand-made sum', () => {
  // Gains 7, 3, 1; discounts 1, log2 3, log2 4, log2 5.
  const ideal = 7 + 3 / Math.log2(3) + 1 / 2;
  const found = 1 + 7 / Math.log2(3) + 3 / Math.log2(5);
  expect(ndcgAt10(['related', 'answer', 'x', 'good'], grades)).toBeCloseTo(found / ideal, 12);
});

it('lowers the value of a ranking for what is missing in it', () => {
  expect(ndcgAt10(['answer'], grades)).toBeCloseTo(7 / (7 + 3 / Math.log2(3) + 0.5), 12);
});

it('reads ten places and no more', () => {
  const nine = Array.from({ length: 9 }, (_, index) => `x${index}`);
  expect(ndcgAt10([...nine, 'answer'], { answer: 3 })).toBeCloseTo(1 / Math.log2(11), 12);
  expect(ndcgAt10([...nine, 'x', 'answer'], { answer: 3 })).toBe(0);
});

it('allows a perfect ranking when more is judged than ten places hold', () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`a${index}`, 2]));
  expect(ndcgAt10(Object.keys(many).slice(0, 10), many)).toBe(1);
});

it('takes a name of every object for an article that is not judged', () => {
  expect(ndcgAt10(['constructor', 'answer'], { answer: 3 })).toBeCloseTo(1 / Math.log2(3), 12);
});

it('refuses a ranking that has an article twice, and judgments without anything useful', () => {
  expect(() => ndcgAt10(['answer', 'answer'], grades)).toThrow('twice');
  expect(() => ndcgAt10(['answer'], { answer: 0 })).toThrow('useful');
});
