import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';
import {
  dimensionsParameters,
  encodings,
  type FoundTraits,
  type RequestLimits,
  usageFields,
} from './profile.ts';

/** What is stored of a profile: what calls have found out, and not what the catalogue says. */
export interface StoredProfile {
  readonly found: Partial<FoundTraits & RequestLimits>;
  readonly answeredModel: string | null;
  readonly modelDriftedAt: Date | null;
  readonly foundAt: Date | null;
}

const limit = z.number().int().positive().nullable();
const found = z
  .object({
    encoding: z.enum(encodings),
    dimensionsParameter: z.enum(dimensionsParameters),
    leftOut: z.array(z.string()),
    vectors: z.enum(['numbers', 'base64']).nullable(),
    usage: z.enum(usageFields).nullable(),
    index: z.boolean().nullable(),
    makesOtherDimensions: z.boolean(),
    maxInputs: limit,
    maxRequestTokens: limit,
    maxInputTokens: limit,
    limitsFoundAt: z.coerce.date(),
  })
  .partial();

const storedProfile = {
  profile: found,
  answered_model: z.string().nullable(),
  model_drifted_at: z.date().nullable(),
  found_at: z.date().nullable(),
};
const profileRow = z.object(storedProfile);
const listedRow = z.object({ target_id: z.string(), ...storedProfile });

const toProfile = (row: z.output<typeof profileRow>): StoredProfile => ({
  found: withoutUndefined(row.profile),
  answeredModel: row.answered_model,
  modelDriftedAt: row.model_drifted_at,
  foundAt: row.found_at,
});

const columns = Object.keys(storedProfile);

/** Finds what the tenant's calls of a target have found out; undefined before the first. */
export async function findProfile(
  tx: Transaction,
  tenantId: string,
  targetId: string,
): Promise<StoredProfile | undefined> {
  const row: unknown = await tx('embedding_profiles')
    .where({ tenant_id: tenantId, target_id: targetId })
    .first(columns);
  return row === undefined ? undefined : toProfile(profileRow.parse(row));
}

/** Lists what the tenant's calls have found out, by target. */
export async function listProfiles(
  tx: Transaction,
  tenantId: string,
): Promise<ReadonlyMap<string, StoredProfile>> {
  const rows: unknown = await tx('embedding_profiles')
    .where({ tenant_id: tenantId })
    .select('target_id', ...columns);
  return new Map(
    z
      .array(listedRow)
      .parse(rows)
      .map((row) => [row.target_id, toProfile(row)]),
  );
}

/** Stores what a call that worked has found out. With `anew`, what was found before is forgotten, the limits included. */
export async function saveFound(
  tx: Transaction,
  tenantId: string,
  targetId: string,
  { traits, anew }: { readonly traits: FoundTraits; readonly anew: boolean },
): Promise<void> {
  await tx.raw(
    `insert into embedding_profiles as p (tenant_id, target_id, profile, found_at)
     values (:tenantId, :targetId, :profile::jsonb, clock_timestamp())
     on conflict (tenant_id, target_id) do update
       set profile = case when :anew then excluded.profile else p.profile || excluded.profile end, found_at = excluded.found_at`,
    { tenantId, targetId, profile: JSON.stringify(traits), anew },
  );
}

/** Stores limits that refusals have shown, and when. */
export async function saveLimits(
  tx: Transaction,
  tenantId: string,
  targetId: string,
  limits: Partial<RequestLimits>,
): Promise<void> {
  await tx.raw(
    `insert into embedding_profiles as p (tenant_id, target_id, profile)
     values (:tenantId, :targetId, :limits::jsonb || jsonb_build_object('limitsFoundAt', clock_timestamp()))
     on conflict (tenant_id, target_id) do update set profile = p.profile || excluded.profile`,
    { tenantId, targetId, limits: JSON.stringify(limits) },
  );
}

/** Stores the model that an answer names; true where answers have named another one until now. */
export async function saveAnsweredModel(
  tx: Transaction,
  tenantId: string,
  targetId: string,
  model: string,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `update embedding_profiles as p
        set answered_model = :model,
            model_drifted_at = case when p.answered_model is null then p.model_drifted_at else clock_timestamp() end
       from (select answered_model from embedding_profiles
              where tenant_id = :tenantId and target_id = :targetId for update) as before
      where p.tenant_id = :tenantId and p.target_id = :targetId and p.answered_model is distinct from :model
      returning before.answered_model is not null as drifted`,
    { tenantId, targetId, model },
  );
  const [row] = z.array(z.object({ drifted: z.boolean() })).parse(rows);
  return row?.drifted ?? false;
}

/**
 * How long a limit is kept that refusals have shown. Then a larger request is tried again: a refusal of a bad moment looks like one
 * of the size, and must not make requests small for ever.
 */
const limitsKeptMs = 7 * 24 * 60 * 60_000;
const noLimits: Partial<RequestLimits> = {};

/** The same object without the fields that are undefined, which an exact optional type does not allow, and without old limits. */
function withoutUndefined(row: z.output<typeof found>): StoredProfile['found'] {
  const { encoding, dimensionsParameter, leftOut, vectors, usage, index, makesOtherDimensions } = row;
  const { maxInputs, maxRequestTokens, maxInputTokens } =
    Date.now() - (row.limitsFoundAt?.getTime() ?? 0) < limitsKeptMs ? row : noLimits;
  return {
    ...(encoding === undefined ? {} : { encoding }),
    ...(dimensionsParameter === undefined ? {} : { dimensionsParameter }),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(vectors === undefined ? {} : { vectors }),
    ...(usage === undefined ? {} : { usage }),
    ...(index === undefined ? {} : { index }),
    ...(makesOtherDimensions === undefined ? {} : { makesOtherDimensions }),
    ...(maxInputs === undefined ? {} : { maxInputs }),
    ...(maxRequestTokens === undefined ? {} : { maxRequestTokens }),
    ...(maxInputTokens === undefined ? {} : { maxInputTokens }),
  };
}
