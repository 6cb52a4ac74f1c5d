import { join, relative } from 'node:path';
import { watch } from 'chokidar';

export interface SourceWatcherOptions {
  readonly root: string;
  /** The folders to watch, relative to `root`. */
  readonly folders: readonly string[];
  /** Receives the changed files, relative to `root`. Calls do not overlap. */
  readonly onChange: (files: readonly string[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** An editor, or a checkout of another branch, writes several files one after the other. */
const quietMs = 200;

/** Watches the TypeScript files below some folders and reports changes in bursts. Resolves when it sees every change. */
export async function watchSources(options: SourceWatcherOptions): Promise<{ close(): Promise<void> }> {
  const { root, onChange, onError } = options;
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isReporting = false;

  const report = async () => {
    if (isReporting) return;
    isReporting = true;
    while (changed.size > 0) {
      const files = [...changed].sort();
      changed.clear();
      await onChange(files).catch(onError);
    }
    isReporting = false;
  };

  const watcher = watch(
    options.folders.map((folder) => join(root, folder)),
    { ignoreInitial: true, ignored: (path, stats) => stats?.isFile() === true && !path.endsWith('.ts') },
  );
  watcher.on('error', onError);
  const ready = new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  watcher.on('all', (_event, path) => {
    if (!path.endsWith('.ts')) return;
    changed.add(relative(root, path));
    clearTimeout(timer);
    timer = setTimeout(() => void report(), quietMs);
  });
  await ready;
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
