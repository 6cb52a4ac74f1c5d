import type pg from 'pg';
import { eventually } from '../support/running-service.ts';

/** A dead worker's call is tried again after 47 s. */
const timeoutMs = 75_000;

export interface StateLog {
  /** Every state that the article's embedding has had, as `status reason`, repeats left out. */
  pathOf(articleId: string): Promise<readonly string[]>;
  /** Waits until the article's embedding is, or has been, in this state. */
  until(articleId: string, state: string): Promise<void>;
}

/** Writes down each state of each article's embedding by a trigger: a state of a moment is not missed, as by asking. */
export async function installStateLog(pool: pg.Pool): Promise<StateLog> {
  await pool.query(`
    create table embedding_states_seen (
      id bigint generated always as identity primary key, article_id uuid not null, state text not null);
    create index on embedding_states_seen (article_id);
    create function see_embedding_state() returns trigger language plpgsql security definer as $$
    begin
      insert into embedding_states_seen (article_id, state)
      values (new.article_id, concat_ws(' ', new.status, new.reason));
      return null;
    end $$;
    create trigger see_embedding_state after insert or update on article_embeddings
      for each row execute function see_embedding_state()`);
  const pathOf = async (articleId: string) => {
    const { rows } = await pool.query<{ state: string }>(
      'select state from embedding_states_seen where article_id = $1 order by id',
      [articleId],
    );
    return rows.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  };
  return {
    pathOf,
    async until(articleId, state) {
      let path: readonly string[] = [];
      await eventually(async () => {
        path = await pathOf(articleId);
        return path.includes(state) ? true : undefined;
      }, timeoutMs).catch(() => {
        throw new Error(`it was never "${state}", but ${path.join(' → ')}`);
      });
    },
  };
}
