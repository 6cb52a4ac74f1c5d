import { setImmediate } from 'node:timers/promises';
import type { Database } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import type { WordIndex } from '../../words/word-index.ts';
import type { WordVersions } from '../../words/word-versions.ts';
import { findArticle, lockArticle, updateLanguage } from '../store.ts';
import { haveAllWords, listWithoutWords } from './missing-words-read-model.ts';

/** The words of articles that have none of the current version, written in the background. */
export interface Rewriting {
  /** Writes some, for some tenants, and goes on where the last run has ended, or died; returns how many articles. */
  rewriteSome(): Promise<number>;
}

/** Articles between two looks at the clock: those of one tenant, then those of the next one. */
const batch = { limit: 20, maxCharacters: 2_000_000 };
/** A run shares its worker with the relay of signals, which comes every 15 s. */
const runMs = 5_000;

/** A tenant's part of a run. */
interface Part {
  readonly tenantId: string;
  readonly version: number;
  readonly afterId: string | undefined;
}

/** Creates the rewriting. */
export function createRewriting(deps: {
  readonly database: Database;
  readonly wordIndex: WordIndex;
  readonly wordVersions: WordVersions;
  readonly log: Pick<Logger, 'warn'>;
}): Rewriting {
  const { database, wordIndex, wordVersions, log } = deps;

  /** Finds the words outside of the transaction, and writes them unless the article was changed meanwhile, which wrote them too. */
  const rewrite = async (tenantId: string, id: string): Promise<number> => {
    const found = await database.withTenant(tenantId, (tx) => findArticle(tx, tenantId, id));
    if (found === undefined) return 0;
    const words = await wordIndex.analyze(tenantId, { ...found, language: found.chosenLanguage });
    return database.withTenant(tenantId, async (tx) => {
      const current = await lockArticle(tx, tenantId, id);
      if (current?.revision !== found.revision) return 0;
      await Promise.all([
        wordIndex.replace(tx, tenantId, current, words),
        current.language === words.language ? undefined : updateLanguage(tx, tenantId, id, words.language),
      ]);
      return 1;
    });
  };

  /** Does a batch. What is left of the part, or nothing where it was the last one. */
  const rewriteBatch = async (part: Part): Promise<{ readonly count: number; readonly rest?: Part }> => {
    const { tenantId, version, afterId } = part;
    const ids = await database.withTenant(tenantId, (tx) =>
      listWithoutWords(tx, tenantId, { version, afterId, ...batch }),
    );
    let count = 0;
    for (const id of ids) {
      try {
        count += await rewrite(tenantId, id);
      } catch (error) {
        log.warn(
          { error, tenant_id: tenantId, article_id: id },
          'words of an article are left to a later run',
        );
      }
      // Requests for metrics and health are answered between two articles.
      await setImmediate();
    }
    const last = ids.at(-1);
    if (last !== undefined) return { count, rest: { ...part, afterId: last } };
    await wordVersions.settle(tenantId, (tx, of) => haveAllWords(tx, tenantId, of));
    return { count };
  };

  const begin = async (tenantId: string): Promise<Part[]> => {
    const version = await wordVersions.beginBuilding(tenantId);
    return version === undefined ? [] : [{ tenantId, version, afterId: undefined }];
  };

  return {
    async rewriteSome() {
      const endsAt = performance.now() + runMs;
      const begun: Part[] = [];
      let rewritten = 0;
      const apart = async (tenantId: string, work: () => Promise<void>) => {
        try {
          await work();
        } catch (error) {
          log.warn({ error, tenant_id: tenantId }, 'words of a tenant are left to a later run');
        }
      };
      for (const tenantId of await wordVersions.listUnfinished())
        await apart(tenantId, async () => void begun.push(...(await begin(tenantId))));
      for (let part = begun.shift(); part !== undefined; part = begun.shift()) {
        const { tenantId } = part;
        const now = part;
        await apart(tenantId, async () => {
          const { count, rest } = await rewriteBatch(now);
          rewritten += count;
          if (rest !== undefined) begun.push(rest);
        });
        if (performance.now() > endsAt) break;
      }
      return rewritten;
    },
  };
}
