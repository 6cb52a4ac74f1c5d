import { cancellation } from '../../src/platform/async/cancellation.ts';
import { reply, route } from '../../src/platform/http/route.ts';
import { tinyRoutes } from './tiny-app.ts';

/** Requests that are under way until they are let go. */
export function heldRoute() {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let underWay = 0;
  let mostUnderWay = 0;
  const signals: (AbortSignal | undefined)[] = [];
  const of = (method: 'get' | 'delete', path: `/${string}`, outlives: boolean) =>
    route({
      method,
      path,
      role: 'agent',
      tag: 'held',
      summary: 'Waits',
      replies: { 200: { description: 'Done' } },
      problems: [],
      async handle({ signal }) {
        signals.push(cancellation());
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await (outlives ? held : Promise.race([held, gone]));
        underWay -= 1;
        return reply(200);
      },
    });
  return {
    routes: [...tinyRoutes(), of('get', '/held', false), of('delete', '/held', true)],
    letGo: () => letGo(),
    signals,
    underWay: () => underWay,
    mostUnderWay: () => mostUnderWay,
  };
}
