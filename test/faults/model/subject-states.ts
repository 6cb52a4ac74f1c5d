import type pg from 'pg';
import { eventually } from '../../support/running-service.ts';

/** A call that was cut off is tried again after 15 s, and the machine may be busy. */
const timeoutMs = 75_000;

export interface SubjectStates {
  /** Every state that a job, a review or a classification has had, as `status code`, repeats left out. */
  pathOf(id: string): Promise<string>;
  /** Waits until it is, or has been, in this state. */
  until(id: string, state: string): Promise<void>;
}

/** The tables of what a tenant's model works for, with the columns of the subject and of why it waits or has ended. */
const watched = [
  ['ingestion_jobs', 'id', 'code'],
  ['reviews', 'id', 'code'],
  ['article_classifications', 'article_id', 'reason'],
] as const;

/** Writes down each state by triggers: a state of a moment is not missed, as by asking. */
export async function installSubjectStates(pool: pg.Pool): Promise<SubjectStates> {
  await pool.query(`
    create table subject_states_seen (
      position bigint generated always as identity primary key, subject_id uuid not null, state text not null);
    create index on subject_states_seen (subject_id);`);
  for (const [table, id, why] of watched) {
    await pool.query(`
      create function see_${table}() returns trigger language plpgsql security definer as $$
      begin
        insert into public.subject_states_seen (subject_id, state)
        values (new.${id}, concat_ws(' ', new.status, new.${why}));
        return null;
      end $$;
      create trigger see_${table} after insert or update on ${table} for each row execute function see_${table}()`);
  }
  const statesOf = async (id: string) => {
    const { rows } = await pool.query<{ state: string }>(
      'select state from subject_states_seen where subject_id = $1 order by position',
      [id],
    );
    return rows.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  };
  return {
    // The first state is that of the request: it waits for its workflow.
    pathOf: async (id) => (await statesOf(id)).slice(1).join(' → '),
    async until(id, state) {
      let seen: readonly string[] = [];
      await eventually(async () => {
        seen = await statesOf(id);
        return seen.includes(state) ? true : undefined;
      }, timeoutMs).catch(() => {
        throw new Error(`it was never "${state}", but ${seen.join(' → ')}`);
      });
    },
  };
}
