// `npm run bench:http`: builds the module, then asks what it costs a request. Options: see `servers/http-options.ts`.
import { join } from 'node:path';
import { readHttpOptions } from './servers/http-options.ts';
import { installPeers } from './peers.ts';
import { run } from './harness/run.ts';

readHttpOptions();
await run('nx', ['run-many', '--targets=build', '--projects=core,sinks,nestjs']);
await installPeers();
await run(process.execPath, [join(import.meta.dirname, 'http-requests.ts'), ...process.argv.slice(2)]);
