// One tenant's attack, in a process of its own so that it takes no time of the one that measures:
// `node --import tsx attack-process.ts <case> <API's address> <API key> <first serial>`. Ends at SIGTERM.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, attacks } from './attacks.ts';

const [, , name, apiUrl = '', key = '', first = '0'] = process.argv;
const found = attacks.find((each) => each.case === name);
if (found === undefined) throw new Error(`there is no case ${name}`);
const attack: Attack = found;
const agent = new Agent({ keepAlive: true, maxSockets: attack.clients });
let serial = Number(first);
const last = serial + (attack.requests ?? Number.POSITIVE_INFINITY);

/** Sends a request and reads its answer, slowly where the attack says so. */
function send(): Promise<void> {
  const { method, path, body } = attack.request(serial);
  serial += 1;
  const isOpen = path.startsWith('//');
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve) => {
    const sending = request(
      isOpen ? `${apiUrl}${path.slice(1)}` : `${apiUrl}/api/v1${path}`,
      {
        ...{ method, agent },
        headers: {
          ...(isOpen ? {} : { authorization: `Bearer ${key}` }),
          ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
        },
      },
      (response) => {
        response.on('data', (chunk: Buffer) => {
          if (attack.bytesPerSecond === undefined) return;
          response.pause();
          setTimeout(() => response.resume(), (chunk.length / attack.bytesPerSecond) * 1_000);
        });
        response.once('close', () => resolve());
      },
    );
    sending.once('error', () => resolve());
    sending.end(bytes);
  });
}

async function attackWithoutEnd(): Promise<void> {
  while (serial < last) await send();
}

process.once('SIGTERM', () => process.exit(0));
await Promise.all(Array.from({ length: attack.clients }, attackWithoutEnd));
// Until it is told to end: the attack's background goes on meanwhile.
await delay(2 ** 31 - 1);
