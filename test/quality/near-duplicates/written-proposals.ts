import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ArticleSource } from '../../../src/domain/article-text.ts';

const folder = new URL('./written/', import.meta.url);

const writtenSchema = z.strictObject({
  kind: z.enum(['paraphrase', 'translation', 'other claim', 'section', 'unrelated']),
  of: z.string().optional(),
  title: z.string().min(1),
  body: z.string().min(1),
});

/** A text written by hand for the measurement; `of` is the sample that it is written after. */
export interface Written {
  readonly name: string;
  readonly kind: z.infer<typeof writtenSchema>['kind'];
  readonly of: string | undefined;
  readonly article: ArticleSource;
}

/** Reads the texts in `written/`, in the order of their names. Fails on a file that it cannot read. */
export async function loadWritten(): Promise<Written[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.md')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, folder), 'utf8');
      const match = /^---\n(?<front>(?:.*\n)*?)---\n(?<body>[\s\S]*)$/.exec(text);
      const front = (match?.groups?.front ?? '')
        .trim()
        .split('\n')
        .map((line) => line.split(/: (.*)/s).slice(0, 2));
      const { kind, of, title, body } = writtenSchema.parse({
        ...Object.fromEntries(front),
        body: match?.groups?.body?.trim(),
      });
      return { name: file.slice(0, -'.md'.length), kind, of, article: { title, body } };
    }),
  );
}
