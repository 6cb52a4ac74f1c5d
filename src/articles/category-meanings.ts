import { type Category, categories } from './article.ts';

const meanings: Readonly<Record<Category, string>> = {
  pattern: 'a way of doing something that has proved itself and can be repeated',
  decision: 'what was decided, by whom if it is said, and why',
  finding: 'something that was found out: a fact, a cause, a measurement',
  reference: 'facts to look up: values, limits, names, formats',
  playbook: 'steps to take in a situation',
  insight: 'a conclusion that changes how one sees something',
  entity: 'a person, team, system, product or place, and what matters about it',
  idea: 'a proposal that nothing has been decided about',
  quote: 'words worth keeping as they were said, with their source',
  question: 'an open question, and what is known so far',
};

/** What each category means, as the instructions to a model list them. */
export const categoryLines = categories.map((category) => `- ${category}: ${meanings[category]}`).join('\n');
