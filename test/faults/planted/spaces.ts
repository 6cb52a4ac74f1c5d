import type { PlantedFault } from './planted-fault.ts';

const spaces = ['test/integration/vectors/spaces-found.test.ts', 'test/integration/vectors/spaces.test.ts'];
const chunks = ['test/integration/vectors/chunks-reused.test.ts'];
const backlog = ['test/integration/embedding/backlog.test.ts'];
const nearest = ['test/integration/vectors/nearest.test.ts'];

/** Faults in the spaces of vectors and their states. */
export const spacesFaults: readonly PlantedFault[] = [
  {
    file: 'src/vectors/spaces.ts',
    find: '  await lockSpaces(tx, tenantId);\n  // Looked up first',
    replace: '  // Looked up first',
    why: 'two first articles at once both make the serving space',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces.ts',
    find: '  return (await serving(tx, tenantId))?.id === spaceId;',
    replace: '  return false;',
    why: 'no second look after the wait for the lock: a space that serves is cut over once more',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces.ts',
    find: '  await lockSpaces(tx, tenantId);\n  // Another transaction',
    replace: '  // Another transaction',
    why: 'a cut-over without the lock of the spaces',
    tests: [...spaces, ...backlog],
  },
  {
    file: 'src/vectors/spaces.ts',
    find: 'await build(tx, tenantId, space.id);\n  else await retireBuilding(tx, tenantId);',
    replace: 'await build(tx, tenantId, space.id);',
    why: 'back at the serving model, the space of the other one is filled on',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces.ts',
    find: 'if (existing?.dimensions === dimensions) return existing;',
    replace: 'if (existing !== undefined) return existing;',
    why: 'vectors of another dimension go to the old space of the model',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces-store.ts',
    find: ".orderBy('created_at', 'desc')\n    .first(columns)",
    replace: ".orderBy('created_at', 'asc')\n    .first(columns)",
    why: 'after a change of dimension the oldest space of the model counts',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces-store.ts',
    find: 'target_id: targetIdOf(target), chunker_version: chunkerVersion })',
    replace: 'target_id: targetIdOf(target) })',
    why: 'vectors of another way to cut chunks are taken for those of this one',
    tests: spaces,
  },
  {
    file: 'src/vectors/spaces-store.ts',
    find: ":chunkerVersion, 'retired')",
    replace: ":chunkerVersion, 'building')",
    why: 'a new space is building before anything decides so',
    tests: spaces,
  },
  {
    file: 'src/vectors/chunk-store.ts',
    find: 'where v.tenant_id = :tenantId and v.space_id = :spaceId and v.chunk_hash = any(:hashes)',
    replace: 'where v.tenant_id = :tenantId and v.chunk_hash = any(:hashes)',
    why: 'vectors are reused from another space',
    tests: chunks,
  },
  {
    file: 'src/vectors/chunk-store.ts',
    find: ".merge(['content_hash', 'chunk_hashes'])",
    replace: ".merge(['content_hash'])",
    why: 'a manifest keeps the chunks of the text before',
    tests: chunks,
  },
  {
    file: 'src/embedding/backlog/backlog-store.ts',
    find: ".whereIn('status', ['pending', 'blocked'])\n    .first('article_id')",
    replace: ".where({ status: 'pending' })\n    .first('article_id')",
    why: 'the new space serves while a blocked article waits',
    tests: backlog,
  },
  {
    file: 'src/embedding/backlog/backlog-store.ts',
    find: '.whereNot({ space_id: spaceId })',
    replace: '.whereNotNull("space_id")',
    why: 'articles of the new space are marked stale too',
    tests: [...backlog, ...spaces],
  },
  {
    file: 'src/vectors/visible-articles-read-model.ts',
    find: 'and content_hash = a.content_hash\n',
    replace: '\n',
    why: 'search finds vectors of an old text',
    tests: nearest,
  },
  {
    file: 'src/vectors/vector-index.ts',
    find: 'dimensions > maxVectorDimensions',
    replace: 'dimensions >= maxVectorDimensions',
    why: 'the last dimension of a full index gets the one of halves',
    tests: ['test/unit/vectors/vector-index.test.ts'],
  },
  {
    file: 'src/vectors/spaces-store.ts',
    find: 'hashtextextended(?, 0)',
    replace: 'hashtextextended(left(?, 8), 0)',
    why: 'tenants wait for each other’s spaces',
    tests: ['test/integration/locks/locks-by-tenant.test.ts'],
  },
  {
    file: 'src/vectors/chunk-store.ts',
    find: ".where({ tenant_id: tenantId, space_id: spaceId })\n    .whereRaw('chunk_hash",
    replace: ".where({ tenant_id: tenantId })\n    .whereRaw('chunk_hash",
    why: 'a chunk of another space is taken for known',
    tests: chunks,
  },
  {
    file: 'src/embedding/cut-over.ts',
    find: 'if (await anyWaiting(tx, tenantId)) return build(tx, tenantId, spaceId);',
    replace: 'if (await anyWaiting(tx, tenantId)) return;',
    why: 'a space that is being filled is not the building one',
    tests: ['test/integration/embedding/cut-over.test.ts'],
  },
];
