/** The bounds of what a tenant may ask for, checked before anything is sealed, fetched or paid for. */

/** Articles of one document, where a request does not say how many. */
export const defaultArticles = 10;
/** The most articles of one document. */
export const maxArticles = 50;

/** Items of one batch. */
export const maxBatchItems = 50;

/** Characters of a document that is sent as JSON: its whole body is at most 2 MB. */
export const maxContentCharacters = 1_500_000;

/** Bytes of a document that is sent as a file. */
export const maxFileBytes = 10_000_000;

/** Jobs of a tenant under way: more than a worker works off in an hour, few enough for one page of a list. */
export const maxJobsUnderWay = 100;

/** Sealed bytes of a tenant's jobs under way: ten of the largest files, or each of the jobs with the text of a book. */
export const maxBytesUnderWay = 100_000_000;

/** When a tenant with as much under way may ask again: a document takes about so long. */
export const retryAfterSeconds = 60;

/** How long the document of a job that can be tried again is kept: a person comes back to it within the week. */
export const documentKeptMs = 7 * 86_400_000;

/** Documents of ended jobs that are kept for a tenant: the oldest goes first. */
export const maxKeptDocuments = 20;
