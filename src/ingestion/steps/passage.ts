import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import type { Passage } from '../../extraction/extraction.ts';
import type { DocumentPart } from '../documents/document.ts';
import { halvesOf } from '../documents/parts/split-into-parts.ts';
import type { DividedDocument } from '../jobs/sealed-document.ts';

/** The passage of a part. */
export function passageOf({ tenantId, jobId }: JobRef, { part, half }: PartRef): Passage {
  return { subject: { tenantId, kind: 'ingestion', id: jobId }, part, half };
}

/** Where a part stands in its document, or a half of one; undefined where there is none. */
export function placeOf(document: DividedDocument, { part, half }: PartRef): DocumentPart | undefined {
  const whole = document.parts[part];
  return whole === undefined || half === 0 ? whole : halvesOf(whole, document.markdown)?.[half - 1];
}
