import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/**
 * The rooms of the house, from the lowest. A room imports itself and the rooms of the lines above its own; rooms of one line do
 * not know each other.
 */
export const layers: readonly (readonly string[])[] = [
  ['domain'],
  ['platform'],
  ['tenants'],
  ['outbox'],
  ['audit'],
  ['vectors', 'words'],
  ['providers/catalogue'],
  ['usage', 'llm-config'],
  ['providers'],
  ['embedding'],
  ['proposals'],
  ['articles'],
  ['extraction'],
  ['search', 'ingestion', 'reviews'],
  ['knowledge'],
  ['retention'],
  ['mcp'],
  ['http'],
  ['main'],
];

/** What stands beside the rooms, and the few paths that it may import besides its own folder. */
const beside: readonly { readonly folder: string; readonly may: readonly RegExp[] }[] = [
  // The environment is read before anything else. Its problems are printed where no library can print.
  {
    folder: 'src/config.ts',
    may: [
      /^src\/domain\//,
      /^src\/platform\/telemetry\/library-output\.ts$/,
      /^src\/providers\/catalogue\/base-url\.ts$/,
    ],
  },
  // Of the service it knows the domain, the articles' categories, and the set-up of Vault; the rest it reaches over HTTP.
  {
    folder: 'src/stack/',
    may: [/^src\/domain\//, /^src\/articles\/article\.ts$/, /^src\/platform\/vault\/set-up-[a-z-]+\.ts$/],
  },
  // A migration is frozen in time.
  { folder: 'migrations/', may: [] },
  // Workflows run in a sandbox: the domain, and the types of the activities.
  { folder: 'workflows/', may: [/^src\/domain\//, /^activities\//] },
  // Activities are thin: the domain, and the types of services.
  { folder: 'activities/', may: [/^src\/(?!main\/|http\/|stack\/|config\.ts)/] },
];

/**
 * Stores that other rooms may import. The vectors of chunks are the room's interface itself: embedding and proposals write
 * and read them in their own transactions. The rows that end are described by the room that writes them.
 */
const openStores = ['src/vectors/chunk-store.ts', 'src/platform/retention/expired-rows-store.ts'];

const isStore = (file: string) => /(^|[/-])store\.ts$|-read-model\.ts$/.test(file);

/** The room of a file. The catalogue is a room in the folder of another one: data, which lower rooms read as well. */
export const roomOf = (file: string) => /^src\/(providers\/catalogue(?=\/)|[^/]+)\//.exec(file)?.[1];
const layerOf = (room: string) => layers.findIndex((rooms) => rooms.includes(room));

/** Why a file may not import another of the project, both as paths from its root; undefined where it may. */
export function refusal(file: string, imported: string): string | undefined {
  if (/^(test|scripts)\//.test(imported)) return 'the service knows neither its tests nor its scripts';
  const apart = beside.find(({ folder }) => file.startsWith(folder));
  if (apart !== undefined) {
    const known = imported.startsWith(apart.folder) || apart.may.some((path) => path.test(imported));
    if (!known) return `${apart.folder} may not import ${imported}`;
    if (apart.folder === 'activities/' && isStore(imported))
      return 'an activity asks a service, never a store';
    return undefined;
  }

  const room = roomOf(file);
  const other = roomOf(imported);
  if (room === undefined) return `${file} is in no room`;
  if (room === 'main') return undefined;
  if (other === undefined) return `${room} may not import ${imported}`;
  if (room === other) return undefined;
  // It is data and pure functions, and knows nothing but names.
  if (room === 'providers/catalogue' && other !== 'domain') return `${room} imports the domain alone`;
  if (layerOf(other) < 0 || layerOf(other) >= layerOf(room)) return `${room} is not above ${other}`;
  if (isStore(imported) && !openStores.includes(imported)) return 'a room asks another by its service';
  return undefined;
}

/** Every source file of the project but its tests and scripts, as paths from its root. */
export const sourceFiles: readonly string[] = ['src', 'workflows', 'activities', 'migrations'].flatMap(
  (folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => relative(root, join(root, folder, name))),
);

export const readSource = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What a file imports: paths from the project's root, or the names of packages. Types too, unless `values` are asked for. */
export function importsOf(file: string, kind: 'all' | 'values' = 'all'): string[] {
  const pattern =
    /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...readSource(file).matchAll(pattern)]
    .filter(([, typeOnly]) => kind === 'all' || typeOnly === undefined)
    .map(([, , fixed, dynamic]) => fixed ?? dynamic ?? '')
    .map((specifier) => (specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier));
}
