import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { categories } from '../../articles/article.ts';

const folder = new URL('./', import.meta.url);

const word = /^[\p{Ll}\p{N}]+(-[\p{Ll}\p{N}]+)*$/u;

const sampleSchema = z.strictObject({
  slug: z.string().regex(/^\d{2}-[a-z0-9-]+$/),
  title: z.string().min(1).max(500),
  category: z.enum(categories),
  tags: z.array(z.string().regex(word)).min(1).max(50),
  sourceType: z.string().regex(/^[a-z]+(_[a-z]+)*$/),
  body: z.string().min(1).max(500_000),
});

/** One article of the embedded default; `slug` is its file's name without the extension. */
export type Sample = z.infer<typeof sampleSchema>;

/**
 * Reads the sample articles that lie beside this file, in the order of their numbers.
 * Fails on the first file whose front matter is not exactly title, category, tags and source_type.
 */
export async function loadSamples(): Promise<Sample[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.md')).sort();
  return Promise.all(
    files.map(async (file) =>
      parseSample(file.slice(0, -'.md'.length), await readFile(fileURLToPath(new URL(file, folder)), 'utf8')),
    ),
  );
}

/** Turns one file's text into a sample; fails with an error that names the slug and what is wrong with it. */
export function parseSample(slug: string, text: string): Sample {
  const match = /^---\n(?<front>(?:.*\n)*?)---\n(?<body>[\s\S]*)$/.exec(text);
  if (!match?.groups) throw new Error(`sample ${slug}: no front matter`);
  const { source_type, tags, ...rest } = readFrontMatter(slug, match.groups.front ?? '');
  const list = /^\[(.+)\]$/.exec(tags ?? '')?.[1];
  const parsed = sampleSchema.safeParse({
    ...rest,
    slug,
    tags: list?.split(',').map((tag) => tag.trim()),
    sourceType: source_type,
    body: (match.groups.body ?? '').trim(),
  });
  if (!parsed.success) throw new Error(`sample ${slug}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readFrontMatter(slug: string, front: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of front.split('\n').filter((each) => each !== '')) {
    const [, name, value] = /^([a-z_]+): (.+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`sample ${slug}: cannot read "${line}"`);
    if (Object.hasOwn(fields, name)) throw new Error(`sample ${slug}: "${name}" is given twice`);
    fields[name] = value.trim();
  }
  return fields;
}

/** A question, and the sample that answers it. */
export interface Paraphrase {
  readonly query: string;
  readonly slug: string;
}

/** The search that a first start shows. */
export const showcase: Paraphrase = {
  query: 'deployed ML classifier performs poorly although experiments looked great',
  slug: '13-training-serving-skew',
};

/**
 * Queries that find their sample first by meaning (multilingual-e5-small) although keyword search cannot: none of
 * their words, and no word that begins with the same four letters, occurs in its title, body or tags. Three are not in
 * English, like the articles that they find.
 */
export const paraphrases: readonly Paraphrase[] = [
  showcase,
  {
    query: 'sporadic disconnects following inactivity, firewall drops session',
    slug: '30-idle-connections-behind-a-load-balancer',
  },
  { query: 'mobile website visitors annoyed because HTML jumps around', slug: '31-layout-that-stays-still' },
  { query: 'modern cryptographic algorithm protecting credentials', slug: '23-storing-passwords' },
  {
    query: 'Katastrophenübung: Ernstfall regelmäßig proben statt hoffen',
    slug: '37-backups-die-niemand-zurueckspielt',
  },
  { query: 'Apache streaming: sequenciamento', slug: '38-ordem-de-mensagens-no-kafka' },
  { query: 'bug hivernal : agenda international faussé', slug: '40-les-fuseaux-horaires' },
];
