import { describe, expect, it } from 'vitest';
import { readStartArguments } from '../../../src/main/start-arguments.ts';

describe('the arguments of npm start', () => {
  it('leave the samples out only where it is asked for', () => {
    expect(readStartArguments([])).toEqual({ kind: 'start', withSamples: true });
    expect(readStartArguments(['--no-samples'])).toEqual({ kind: 'start', withSamples: false });
  });

  it('ask for help, which names each of them', () => {
    expect(readStartArguments(['--help', '--no-samples'])).toEqual({
      kind: 'help',
      text: expect.stringMatching(/--no-samples[\s\S]+--help/),
    });
  });

  it.each([['--no-sample'], ['samples'], ['--no-samples=1']])('are refused with the help: %s', (argument) => {
    const refused = readStartArguments([argument]);
    expect(refused).toMatchObject({ kind: 'refused', text: expect.stringContaining('--no-samples') });
    expect(refused).toMatchObject({ text: expect.stringContaining(`not known: ${argument}\n`) });
  });
});
