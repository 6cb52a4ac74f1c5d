import { errorsWithin } from './errors-within.ts';

/** Thrown in place of a connection to an address that must not be reached. It names no address. */
export class AddressForbidden extends Error {
  override readonly name = 'AddressForbidden';
}

/** Whether an error, or one that it holds, says that the address is forbidden. Never throws. */
export function isAddressForbidden(thrown: unknown): boolean {
  return errorsWithin(thrown).some(({ error }) => isForbidden(error));
}

function isForbidden(error: object): boolean {
  try {
    return error instanceof AddressForbidden;
  } catch {
    return false;
  }
}
