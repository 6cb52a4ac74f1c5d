import { z } from 'zod';
import type { DataKey } from '../../platform/vault/data-keys.ts';
import type { DocumentPart, ReadDocument } from '../documents/document.ts';

/** What is known of a document beside its bytes. */
export interface AboutDocument {
  /** Where it is fetched from; null for a text or a file. */
  readonly url: string | null;
  /** The address that answered, or the name of the file. */
  readonly name: string | null;
  /** What its sender says that it is. */
  readonly contentType: string | null;
  /** The title that its sender gave, which goes before the document's own. */
  readonly title: string | null;
}

/** A document that was read and divided. */
export interface DividedDocument extends Pick<ReadDocument, 'title' | 'markdown'> {
  readonly parts: readonly DocumentPart[];
}

const aboutSchema = z.object({
  url: z.string().nullable(),
  name: z.string().nullable(),
  contentType: z.string().nullable(),
  title: z.string().nullable(),
});

const dividedSchema = z.object({
  title: z.string().nullable(),
  markdown: z.string(),
  parts: z.array(z.object({ path: z.array(z.string()), start: z.int(), end: z.int() })),
});

/** What is sealed, under which label: the label holds the job, so that nothing of one job opens as another's. */
const labels = {
  about: (jobId: string) => `ingestion about ${jobId}`,
  source: (jobId: string) => `ingestion source ${jobId}`,
  document: (jobId: string) => `ingestion document ${jobId}`,
};

/** The document of one job under its key. What does not open is undefined: it was altered, or is another job's. */
export function createSealing(key: DataKey, jobId: string) {
  const sealJson = (label: string, value: unknown) => key.seal(label, Buffer.from(JSON.stringify(value)));
  const openJson = <T>(label: string, sealed: Uint8Array, schema: z.ZodType<T>): T | undefined => {
    const opened = key.open(label, sealed);
    return opened === undefined ? undefined : schema.parse(JSON.parse(opened.toString('utf8')));
  };
  return {
    sealAbout: (about: AboutDocument): Buffer => sealJson(labels.about(jobId), about),
    openAbout: (sealed: Uint8Array): AboutDocument | undefined =>
      openJson(labels.about(jobId), sealed, aboutSchema),
    sealSource: (bytes: Uint8Array): Buffer => key.seal(labels.source(jobId), bytes),
    openSource: (sealed: Uint8Array): Buffer | undefined => key.open(labels.source(jobId), sealed),
    sealDocument: (document: DividedDocument): Buffer => sealJson(labels.document(jobId), document),
    openDocument: (sealed: Uint8Array): DividedDocument | undefined =>
      openJson(labels.document(jobId), sealed, dividedSchema),
  };
}

export type Sealing = ReturnType<typeof createSealing>;
