// `npm run bench`: builds what is measured, installs what it is compared with, then answers one question after the
// other, each a file of its own that can also be run alone. `npm run bench -- reading history-bytes` asks only these;
// options (`--quick`, `--markdown`) see `bench-options.ts`. What needs servers for minutes has scripts of its own:
// `npm run bench:http` and `npm run bench:sse`.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPeers } from './peers.ts';
import { run } from './harness/run.ts';

const QUESTIONS = [
  'stage-overhead',
  'metrics-record',
  'metrics-scrape',
  'log-line',
  'history-bytes',
  'reading',
  'million-requests',
];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, markdown: { type: 'boolean' } },
});
const unknown = positionals.find((name) => !QUESTIONS.includes(name));
if (unknown !== undefined) {
  console.error(`there is no question "${unknown}"; known are ${QUESTIONS.join(', ')}`);
  process.exit(1);
}
const options = Object.keys(values).map((name) => `--${name}`);
const asked = QUESTIONS.filter((name) => positionals.length === 0 || positionals.includes(name));

await run('nx', ['run-many', '--targets=build', '--projects=core,sinks,nestjs']);
await installPeers();
for (const [index, question] of asked.entries()) {
  console.error(`\n${question} (${index + 1} of ${asked.length})`);
  await run(process.execPath, [join(import.meta.dirname, `${question}.ts`), ...options]);
}
