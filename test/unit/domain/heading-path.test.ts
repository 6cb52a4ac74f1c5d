import { describe, expect, it } from 'vitest';
import { headingPath } from '../../../src/domain/heading-path.ts';

const text = [
  'The title',
  '',
  'First words.',
  '# Storage #',
  '## Backups',
  'Daily words.',
  '```',
  '# no heading',
  '```',
  'Words after code.',
  '### Restore',
  'Restoring words.',
  '## Disks',
  'Disk words.',
].join('\n');

describe('the heading path of a passage', () => {
  it.each([
    ['First words.', 'The title'],
    ['Daily words.', 'Storage > Backups'],
    ['Words after code.', 'Storage > Backups'],
    ['### Restore\nRestoring words.', 'Storage > Backups > Restore'],
    ['Restoring words.\n## Disks', 'Storage > Backups > Restore'],
    ['Disk words.', 'Storage > Disks'],
  ])('of %j is %s', (passage, path) => {
    expect(headingPath(text, passage)).toBe(path);
  });

  it('is short, whatever the headings are', () => {
    const long = `# ${'x'.repeat(5_000)}\nWords.`;
    expect(headingPath(long, 'Words.')).toHaveLength(200);
  });
});
