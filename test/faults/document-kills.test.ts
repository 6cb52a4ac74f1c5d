import { test as base, describe, expect } from 'vitest';
import { apiKills, type DocumentKill, workerKills } from './document-kills.ts';
import { runDocumentKills } from './run-document-kills.ts';

const it = base.extend('run', { scope: 'file' }, () => runDocumentKills([...workerKills, ...apiKills]));
// The servers, and once the time of an activity whose worker has died.
it.beforeAll(({ run }) => void run, 420_000);

const names = (kills: readonly DocumentKill[]) => kills.map(({ name }) => name);

describe('a process that is killed at work on a document', () => {
  it.for(names([...workerKills, ...apiKills]))(
    'leaves each part paid and each article made once: %s',
    (name, { run }) => {
      const row = run.find(({ kill }) => kill.name === name);
      expect(row?.observed).toEqual(row?.kill.expected);
    },
  );
});
