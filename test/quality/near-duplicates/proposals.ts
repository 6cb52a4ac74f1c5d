import type { Sample } from '../../../src/stack/samples/index.ts';
import { edits, joined, turnedClaims, withSection } from './edits.ts';
import { type Kind, kinds, type Proposal } from './proposal.ts';
import { loadWritten, type Written } from './written-proposals.ts';

/** Above this an article counts as long, and is left out of the edits that would be embedded all over again. */
const longBodyLength = 6_000;

/** Every proposal of the measurement, to a tenant whose published articles are these samples. */
export async function loadProposals(samples: readonly Sample[]): Promise<Proposal[]> {
  const written = await loadWritten();
  return [
    ...edited(samples),
    ...turnedClaims(samples).map(({ sample, article }) => proposal('claim turned', sample.slug, article)),
    ...samples.slice(11).map((sample, index, all) => {
      const other = all[(index + 1) % all.length] ?? sample;
      return proposal('two joined', `${sample.slug} and ${other.slug}`, joined(sample, other));
    }),
    ...sectionsAdded(samples, written),
    ...written.flatMap(({ name, kind, article }) =>
      kind === 'section' ? [] : [proposal(kind, name, article)],
    ),
    ...samples.map(({ slug, title, body }) => ({
      ...proposal('other sample', slug, { title, body }),
      without: slug,
    })),
  ];
}

const proposal = (kind: Kind, name: string, article: Proposal['article']): Proposal => ({
  kind,
  name,
  article,
});

function edited(samples: readonly Sample[]): Proposal[] {
  const short = samples.filter(({ body }) => body.length < longBodyLength);
  const isKind = (name: string): name is Kind => name in kinds;
  return Object.entries(edits).flatMap(([kind, edit]) =>
    isKind(kind) ? short.map((sample) => proposal(kind, sample.slug, edit(sample))) : [],
  );
}

/** A section written for the article, and, what is harder to tell from it, the same section in much longer articles. */
function sectionsAdded(samples: readonly Sample[], written: readonly Written[]): Proposal[] {
  const sections = written.filter(({ kind }) => kind === 'section');
  const others = written.filter(({ kind }) => kind === 'other claim');
  const pairs = [
    ...sections.flatMap((section) => samples.map((sample) => ({ sample, section }))),
    ...others.flatMap((section) =>
      samples.filter(({ slug }) => slug === section.of).map((sample) => ({ sample, section })),
    ),
  ];
  return pairs.map(({ sample, section }) =>
    proposal('section added', `${sample.slug} with ${section.name}`, withSection(sample, section.article)),
  );
}
