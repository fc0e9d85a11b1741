// `npm run bench`: builds what is measured, installs what it is compared with, then answers one question after the
// other, each a file of its own that can also be run alone.
import { join } from 'node:path';
import { installPeers } from './peers.ts';
import { run } from './run.ts';

const QUESTIONS = ['stage-overhead.ts', 'metrics-record.ts', 'metrics-scrape.ts'];

await run('nx', ['run-many', '--targets=build', '--projects=core,sinks']);
await installPeers();
for (const question of QUESTIONS) await run(process.execPath, [join(import.meta.dirname, question)]);
