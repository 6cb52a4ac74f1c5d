import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Grades } from '../ndcg.ts';

export interface CollectionDocument {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface CollectionQuery {
  readonly id: string;
  readonly text: string;
  readonly grades: Grades;
}

/** A judged collection. */
export interface Collection {
  readonly name: string;
  readonly documents: readonly CollectionDocument[];
  /** Those that have a judged document. */
  readonly queries: readonly CollectionQuery[];
}

const id = z.union([z.string().min(1), z.number()]).transform(String);
const document = z.object({ _id: id, title: z.string().default(''), text: z.string() });
const query = z.object({ _id: id, text: z.string().trim().min(1) });

/**
 * Reads a collection in BEIR's form: `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`. Fails with an error that names the file
 * and the line that is wrong.
 */
export async function readCollection(folder: string): Promise<Collection> {
  const name = basename(resolve(folder));
  const [corpus, queries, judgments] = await Promise.all(
    ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv'].map((file) => readLines(folder, file)),
  );
  const documents = parseLines(corpus, document).map(({ _id, ...rest }) => ({ id: _id, ...rest }));
  const gradesOf = parseJudgments(judgments, new Set(documents.map((each) => each.id)));
  const judged = parseLines(queries, query).flatMap(({ _id, text }) => {
    const grades = gradesOf.get(_id);
    return grades === undefined ? [] : [{ id: _id, text, grades }];
  });
  if (judged.length === 0)
    throw new Error(`${folder}: no query of queries.jsonl is judged in qrels/test.tsv`);
  return { name, documents, queries: judged };
}

interface Lines {
  readonly file: string;
  readonly lines: readonly string[];
}

async function readLines(folder: string, file: string): Promise<Lines> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(
      `${path} cannot be read: a collection is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv`,
      { cause: error },
    );
  });
  return { file: path, lines: text.split(/\r?\n/) };
}

function parseLines<T>(
  { file, lines }: Lines | undefined = { file: '', lines: [] },
  schema: z.ZodType<T>,
): T[] {
  const parsed = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : 'not JSON';
      throw new Error(`${file}, line ${index + 1}: ${why}`, { cause: error });
    }
  });
  if (parsed.length === 0) throw new Error(`${file} is empty`);
  return parsed;
}

/** The grades above 0 by query. The first line of the file is its header. */
function parseJudgments(
  { file, lines }: Lines | undefined = { file: '', lines: [] },
  documents: ReadonlySet<string>,
): Map<string, Record<string, number>> {
  const grades = new Map<string, Record<string, number>>();
  lines.slice(1).forEach((line, index) => {
    if (line.trim() === '') return;
    const [queryId, documentId, score, ...rest] = line.split('\t');
    const grade = Number(score);
    if (queryId === undefined || documentId === undefined || rest.length > 0 || !Number.isFinite(grade)) {
      throw new Error(
        `${file}, line ${index + 2}: not a query, a document and a grade with tabs between them`,
      );
    }
    if (!documents.has(documentId)) {
      throw new Error(`${file}, line ${index + 2}: corpus.jsonl has no document ${documentId}`);
    }
    if (grade > 0) grades.set(queryId, { ...grades.get(queryId), [documentId]: grade });
  });
  return grades;
}
