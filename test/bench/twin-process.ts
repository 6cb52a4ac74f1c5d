// The provider's stand-in, in a process of its own: `node --import tsx twin-process.ts <port>`. It answers at once.
import { startProviderTwin } from '../support/provider-twin.ts';

const twin = await startProviderTwin({ port: Number(process.argv[2]) });
process.once('SIGTERM', () => void twin.close());
