import { test as base } from 'vitest';
import type { AppDeps } from '../../src/http/app.ts';
import { startTinyApp, type TinyApp } from './tiny-app.ts';

/** Facts about the HTTP layer: all facts of a file share one tiny app. */
export const factsOfTinyApp = (deps: Partial<AppDeps> = {}) =>
  base.extend('app', { scope: 'file' }, async ({}, { onCleanup }): Promise<TinyApp> => {
    const app = await startTinyApp(deps);
    onCleanup(async () => {
      await app.close();
    });
    return app;
  });
