import { type Client, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

/** Registers the search attributes that the namespace does not have yet, as keywords. Returns their names. */
export async function registerSearchAttributes(
  { connection, options: { namespace } }: Client,
  names: readonly string[],
): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = names.filter((name) => !(name in customAttributes));
  if (missing.length > 0) {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
  }
  return missing;
}

/** Creates a schedule. An existing one stays as the operator has set it. */
export async function createSchedule(
  client: Client,
  schedule: ScheduleOptions,
): Promise<'created' | 'exists'> {
  try {
    await client.schedule.create(schedule);
    return 'created';
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return 'exists';
    throw error;
  }
}
