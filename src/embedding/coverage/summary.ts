/** How far search by meaning reaches, for other rooms: in their own transactions. */
export { type Coverage, findCommonestReason, readCoverage } from './summary-read-model.ts';
