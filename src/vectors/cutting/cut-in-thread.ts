import { cutText } from '../../domain/chunks.ts';

/** What a thread does: its only import is the pure chunker. */
export default cutText;
