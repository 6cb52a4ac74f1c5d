/** How far search by meaning reaches. Other rooms read it in their own transactions. */
export { type Coverage, findCommonestReason, readCoverage } from './summary-read-model.ts';
