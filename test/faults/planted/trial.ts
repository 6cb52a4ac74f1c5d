import type { PlantedFault } from './planted-fault.ts';

const dryRun = ['test/api/llm-config/dry-run.test.ts'];
const change = ['test/api/llm-config/verified-change.test.ts'];
const guarded = ['test/integration/llm-config/verified-change.test.ts'];

/** Faults in the trial of settings before they are stored. */
export const trialFaults: readonly PlantedFault[] = [
  {
    file: 'src/providers/guard.ts',
    find: 'candidate === undefined ? stored : pathOf(depsOfCandidate(deps, candidate))',
    replace: 'stored',
    why: 'the stored key is called instead of the one that is tried',
    tests: dryRun,
  },
  {
    file: 'src/providers/candidate-deps.ts',
    find: 'const candidateVersion = 0;',
    replace: 'const candidateVersion = 1;',
    why: 'the refusal of a candidate is shown as that of the stored key',
    tests: dryRun,
  },
  {
    file: 'src/providers/candidate-deps.ts',
    find: 'limits: { ...deps.limits, ...unlimited },',
    replace: '',
    why: 'a refused candidate pauses the stored key',
    tests: dryRun,
  },
  {
    file: 'src/providers/candidate-deps.ts',
    find: 'breaker: { ...deps.breaker, ...permissive },',
    replace: '',
    why: 'candidates have a breaker, all of them the same',
    tests: dryRun,
  },
  {
    file: 'src/providers/embedding/guarded-embedding.ts',
    find: 'else if (key.targetId',
    replace: 'if (key.targetId',
    why: 'a dry run stores what it has found out',
    tests: dryRun,
  },
  {
    file: 'src/llm-config/try-change.ts',
    find: 'apiKeyId: keyId }',
    replace: 'apiKeyId: null }',
    why: 'a trial is not paid from the day of the API key',
    tests: dryRun,
  },
  {
    file: 'src/llm-config/candidates.ts',
    find: '[...new Set(named)]',
    replace: 'named',
    why: 'a model is tried once for each of its uses',
    tests: dryRun,
  },
  {
    file: 'src/llm-config/settings.ts',
    find: 'if (tried?.refused !== undefined) return tried.refused;',
    replace: '',
    why: 'a change is stored although its call was refused',
    tests: change,
  },
  {
    file: 'src/llm-config/settings.ts',
    find: "if (tried !== undefined && !tried.isOf(plan, locked)) return 'changed';",
    replace: '',
    why: 'what is stored is not what was tried',
    tests: change,
  },
  {
    file: 'src/llm-config/settings.ts',
    find: 'await tried?.remember(tx);',
    replace: '',
    why: 'what a trial has found out is found out again',
    tests: change,
  },
  {
    file: 'src/llm-config/store-change.ts',
    find: 'for (const provider of verified) await verifyKey(tx, tenantId, provider);',
    replace: '',
    why: 'a key that was tried stays unverified',
    tests: change,
  },
  {
    file: 'src/llm-config/store-change.ts',
    find: "verified.has('embedding') ||",
    replace: '',
    why: 'a key that works again lets nothing go on',
    tests: guarded,
  },
];
