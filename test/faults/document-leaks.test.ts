import pg from 'pg';
import { test as base, describe, expect } from 'vitest';
import { type ComposedService, composeService } from './composed-service.ts';
import { type Evidence, findLeaks, readTables, readWorkflows } from './evidence.ts';
import { createPieceFinder } from './find-pieces.ts';
import {
  createLeakingTenants,
  type LeakingTenant,
  leakIntoMetrics,
  leakyActivities,
  leakyRoutes,
  type PlantedLeak,
  plantedLeaks,
} from './model/leaking-tenants.ts';
import { useEverything } from './model/use-everything.ts';

// What of documents, reviews, pages and the model's words comes out of the service; and, for each of them, a tenant for which the
// service lets it out on purpose, to show that the search would find it.
const it = base.extend('places', { scope: 'file' }, () => lookEverywhere());
it.beforeAll(({ places }) => void places, 180_000);

const inHistory = ['history', 'description', 'log', 'metrics'];

describe('the search for leaks', () => {
  it.for(plantedLeaks)('finds what is let out on purpose: %o', ({ secret, way, place }, { places }) => {
    expect(places.ofLeaking({ secret, way, place })).toContain(place);
  });

  it.for(['key', 'text', 'title', 'token', 'fileName', 'serverWords', 'refusal'] as const)(
    'finds no %s of a tenant for which nothing is let out',
    (secret, { places }) => {
      expect(places.ofSafe(secret)).toEqual([]);
    },
  );

  it('finds a review in its table and in the answers to its tenant alone', ({ places }) => {
    expect(places.ofSafe('finding').toSorted()).toEqual(['answers', 'table reviews']);
  });

  it('finds what the model wrote in articles, and in no log, history or metric', ({ places }) => {
    const found = places.ofSafe('modelWords');
    expect(found).toContain('table articles');
    expect(found.filter((place) => inHistory.includes(place))).toEqual([]);
    expect(found.filter((place) => /^table (?!article)/.test(place))).toEqual([]);
  });
});

/** Lets each tenant use everything, and looks into every place afterwards. */
async function lookEverywhere() {
  const tenants = createLeakingTenants();
  const service = await composeService(
    { ANTHROPIC_WORKFLOW_TIMEOUT_MS: '20000' },
    {
      activities: (real, log, { db }) => leakyActivities(tenants, real, log, db.rawAsOwner),
      interceptor: (sanitizer) => (context) =>
        tenants.isUnsanitized(context.info.workflowExecution?.workflowId) ? {} : sanitizer(context),
      routes: (real) => leakyRoutes(tenants, real),
    },
  );
  try {
    const safe = tenants.add(await service.createTenant());
    const leaking: LeakingTenant[] = [];
    for (const leak of plantedLeaks) leaking.push(tenants.add(await service.createTenant(), leak));
    await Promise.all([safe, ...leaking].map((tenant) => useEverything(service, tenant)));
    for (const { leak, secrets } of leaking)
      if (leak?.way === 'metric') leakIntoMetrics(service, secrets[leak.secret]);

    const evidence = await readAll(service);
    return {
      ofSafe: (secret: PlantedLeak['secret']) => placesIn(evidence, safe.secrets[secret]),
      ofLeaking({ secret, way }: PlantedLeak) {
        const tenant = leaking.find(({ leak }) => leak?.secret === secret && leak.way === way);
        return placesIn(evidence, tenant?.secrets[secret] ?? '');
      },
    };
  } finally {
    await service.close();
  }
}

async function readAll(service: ComposedService): Promise<Evidence[]> {
  const owner = new pg.Pool({ connectionString: service.db.ownerUrl });
  const evidence = [
    ...(await readTables(owner)),
    ...(await readWorkflows(service.services.temporal.client, service.environment.TEMPORAL_TASK_QUEUE)),
    { place: 'log', text: service.logLines.join('') },
    { place: 'metrics', text: await service.metrics.scrape() },
    { place: 'answers', text: service.answers.join('\n') },
  ];
  await owner.end();
  return evidence;
}

/** Where pieces of a secret are found. */
const placesIn = (evidence: readonly Evidence[], secret: string) => [
  ...new Set(findLeaks(evidence, createPieceFinder([secret])).map(({ place }) => place)),
];
