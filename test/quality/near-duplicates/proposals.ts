import type { Sample } from '../../../src/stack/samples/index.ts';
import { edits, joined, turnedClaims, withSection } from './edits.ts';
import { isKind, type Kind, type Proposal } from './proposal.ts';
import { loadWritten, type Written } from './written-proposals.ts';

/** An edit changes most chunks of an article, so long ones are left out: they would take most of the time. */
const shortOf = (samples: readonly Sample[]) => samples.filter(({ body }) => body.length < 6_000);

/** Every proposal of the measurement, to a tenant whose published articles are these samples. */
export async function loadProposals(samples: readonly Sample[]): Promise<Proposal[]> {
  const written = await loadWritten();
  return [
    ...edited(samples),
    ...turnedClaims(samples).map(({ sample, article }) => proposal('claim turned', sample.slug, article)),
    ...shortOf(samples).map((sample, index, all) => {
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
  return Object.entries(edits).flatMap(([kind, edit]) =>
    isKind(kind) ? shortOf(samples).map((sample) => proposal(kind, sample.slug, edit(sample))) : [],
  );
}

/** A section in the article that it was written for, and in all others: the longer the article, the smaller its share. */
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
