// `npm run bench:sse`: builds the module, then asks what it costs a service that streams. One question after the other,
// each a file of its own that can also be run alone. Options: see `servers/http-options.ts`.
import { join } from 'node:path';
import { run } from './harness/run.ts';
import { readHttpOptions } from './servers/http-options.ts';

const QUESTIONS = ['sse-throughput.ts', 'sse-open-streams.ts'];

readHttpOptions();
await run('nx', ['run-many', '--targets=build', '--projects=core,sinks,nestjs']);
for (const question of QUESTIONS) {
  await run(process.execPath, [join(import.meta.dirname, question), ...process.argv.slice(2)]);
}
