import { proxyActivities } from '@temporalio/workflow';
import type { bareActivities } from './bare-activities.ts';

const { first, second, third, fourth } = proxyActivities<typeof bareActivities>({
  startToCloseTimeout: '10 seconds',
});

/** The floor of a walk of four steps: four empty activities, one after the other. */
export async function BareWorkflow(): Promise<void> {
  await first();
  await second();
  await third();
  await fourth();
}
