import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const manifest = z
  .object({
    license: z.string(),
    private: z.boolean(),
    engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }),
    scripts: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(read('package.json')));

describe('the licence', () => {
  it('is the complete text of Apache-2.0 with the authors in its appendix', () => {
    const text = read('LICENSE');
    expect(text).toContain('   Copyright 2026 Lorekeep authors\n');
    const template = text.replace('2026 Lorekeep authors', '[yyyy] [name of copyright owner]');
    // The digest of https://www.apache.org/licenses/LICENSE-2.0.txt
    expect(createHash('sha256').update(template).digest('hex')).toBe(
      'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30',
    );
  });

  it('is named by the package and its lock file, and the package cannot be published by accident', () => {
    const lock = z
      .object({ packages: z.object({ '': z.object({ license: z.string() }) }) })
      .parse(JSON.parse(read('package-lock.json')));
    expect([manifest.license, lock.packages[''].license]).toEqual(['Apache-2.0', 'Apache-2.0']);
    expect(manifest.private).toBe(true);
  });
});

describe('the version of Node', () => {
  const version = read('.node-version').trim();

  it('is that of the image', () => {
    expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${version}-`);
  });

  it('is one that the package allows', () => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const [leastMajor = 0, leastMinor = 0] = manifest.engines.node.slice('>='.length).split('.').map(Number);
    expect(major > leastMajor || (major === leastMajor && minor >= leastMinor)).toBe(true);
  });
});

const documents = [
  ...readdirSync('.').filter((file) => file.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

describe.each(documents)('%s', (document) => {
  it('names only npm scripts that exist', () => {
    const named = [...read(document).matchAll(/npm run (?:-\S+ )*([\w:]+)/g)].map(
      ([, script = '']) => script,
    );
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });

  it('names only paths of the project that exist', () => {
    const named = read(document).match(
      /(?<![\w./-])(?:src|test|workflows|activities|migrations|scripts)\/[\w./-]*\w/g,
    );
    expect((named ?? []).filter((path) => !existsSync(path))).toEqual([]);
  });

  it('links only to files and headings that exist', () => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
      });
    expect(broken).toEqual([]);
  });
});

function read(path: string) {
  return readFileSync(path, 'utf8');
}

/** The anchors that a Markdown file offers: its headings, as code hosts name them, and the ones it sets itself. */
function anchorsOf(path: string): Set<string> {
  const text = read(path).replace(/^```[\s\S]*?^```/gm, '');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)]);
}
