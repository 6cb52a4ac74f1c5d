/** What a thread is told to do in tests. */
export interface ThreadTask {
  readonly does: 'spin' | 'exit' | 'throw' | 'exhaust' | 'end-process' | 'tell-environment';
  readonly forMs: number;
}

/** Works without a pause, or dies. */
export default function run({ does, forMs }: ThreadTask): string {
  const endsAt = Date.now() + forMs;
  switch (does) {
    case 'spin':
      while (Date.now() < endsAt);
      return 'spun';
    case 'exit':
      return process.exit(1);
    case 'throw':
      throw new Error('a task has failed');
    case 'end-process':
      process.kill(process.pid, 'SIGKILL');
      return 'still here';
    case 'tell-environment':
      return Object.keys(process.env).join();
    case 'exhaust': {
      const held: number[][] = [];
      for (;;) held.push(new Array<number>(500_000).fill(held.length));
    }
    default:
      return does satisfies never;
  }
}
