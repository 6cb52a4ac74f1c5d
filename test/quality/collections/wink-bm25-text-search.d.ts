/** The part of it that is used here; the package has no types. */
declare module 'wink-bm25-text-search' {
  interface Engine {
    defineConfig(config: {
      readonly fldWeights: Readonly<Record<string, number>>;
      readonly bm25Params?: { readonly k1: number; readonly b: number };
    }): boolean;
    definePrepTasks(tasks: readonly ((text: string) => string[])[], field?: string): number;
    addDoc(doc: Readonly<Record<string, string>>, id: string): number;
    consolidate(precision?: number): boolean;
    search(text: string, limit?: number): [id: string, score: number][];
  }
  export default function createEngine(): Engine;
}
