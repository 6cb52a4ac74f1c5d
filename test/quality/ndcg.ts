/** How useful each judged article is for a query: 3 answers it, 2 is good to read, 1 is related. What is not listed is 0. */
export type Grades = Readonly<Record<string, number>>;

const depth = 10;

/** Each grade is worth more than twice the one below it, so that no pile of related articles outweighs the answer. */
const steepGain = (grade: number) => 2 ** grade - 1;

/** Each grade is worth itself, as public collections are measured. */
export const linearGain = (grade: number) => grade;

/** The gain of these grades for a reader who goes from the top down and may stop after each. */
const discountedGain = (grades: readonly number[], gainOf: (grade: number) => number) =>
  grades.slice(0, depth).reduce((sum, grade, index) => sum + gainOf(grade) / Math.log2(index + 2), 0);

/**
 * nDCG@10: the discounted gain of a ranking (best first, by slug) over that of the best ranking that the judgments allow.
 * 1 is perfect, 0 found nothing. Throws when a slug is ranked twice, which would count its gain twice, and when nothing
 * was judged useful, for which no ranking is better than another.
 */
export function ndcgAt10(ranking: readonly string[], grades: Grades, gainOf = steepGain): number {
  if (new Set(ranking).size < ranking.length) throw new Error('an article is ranked twice');
  const ideal = discountedGain(
    Object.values(grades).sort((left, right) => right - left),
    gainOf,
  );
  if (ideal === 0) throw new Error('nothing is judged useful');
  return (
    discountedGain(
      ranking.map((slug) => (Object.hasOwn(grades, slug) ? (grades[slug] ?? 0) : 0)),
      gainOf,
    ) / ideal
  );
}
