import { parseArgs } from 'node:util';

/** What `npm start` and `npm run dev` are asked to do. */
export type StartArguments =
  | { readonly kind: 'start'; readonly withSamples: boolean }
  /** Nothing is started; the text is for the person at the terminal. */
  | { readonly kind: 'help' | 'refused'; readonly text: string };

const help = [
  'npm start          starts the services, the API and the worker, with a demo tenant and sample articles',
  'npm run dev        the same; a changed source file restarts the API and the worker',
  '',
  '  -- --no-samples  leaves the sample articles out',
  '  -- --help        prints this',
  '',
  'README.md has the rest, and every variable of the environment.',
].join('\n');

/** Reads the arguments of the command line. */
export function readStartArguments(args: readonly string[]): StartArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean' }, 'no-samples': { type: 'boolean', default: false } },
    });
    return values.help ? { kind: 'help', text: help } : { kind: 'start', withSamples: !values['no-samples'] };
  } catch {
    // The words of Node.js vary between its versions.
    return { kind: 'refused', text: `These arguments are not known: ${args.join(' ')}\n\n${help}` };
  }
}
