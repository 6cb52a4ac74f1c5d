import { describe, expect, it } from 'vitest';
import { headingOrTitle, headingPath } from '../../../src/domain/heading-path.ts';

describe('the heading path of a passage', () => {
  it.each([
    ['First words.', '', ''],
    ['Daily words.', 'Storage > Backups', 'Storage > Backups'],
    ['### Restore\nRestoring words.', 'Storage > Backups', 'Storage > Backups > Restore'],
    ['# Storage #\n\n## Backups\n\nDaily words.\n## Disks', '', 'Storage > Backups'],
    ['## Empty\n## Disks\nDisk words.', 'Storage', 'Storage > Disks'],
    ['#\nWords.', 'Storage', 'Storage'],
    ['#tag', '', ''],
  ])('of %j below %j is %j', (passage, above, path) => {
    expect(headingPath(above, passage)).toBe(path);
  });

  it('is short, whatever the headings are', () => {
    expect(headingPath('', `# ${'x'.repeat(5_000)}\nWords.`)).toHaveLength(200);
    expect(headingPath('', Array.from({ length: 10_000 }, () => '# x').join('\n'))).toBe('x');
  });

  it('is the title, on one line, where a passage has none', () => {
    expect(headingOrTitle('', ' A\n title ')).toBe('A title');
    expect(headingOrTitle('Storage', 'A title')).toBe('Storage');
  });
});
