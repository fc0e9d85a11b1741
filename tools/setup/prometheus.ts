// Makes prometheus and promtool available to the tests of dashboard and rules. In CI a skip would hide what nobody looked
// at, so there it fails.
import { find, provide } from './debian-package.ts';

const PROGRAMS = ['prometheus', 'promtool'];

for (const program of PROGRAMS) {
  provide(
    program,
    'prometheus',
    "`apt-get install prometheus`, `brew install prometheus` or your system's own way",
  );
}
const isToBeThere = process.env.CI !== undefined && !process.argv.includes('--find');
if (isToBeThere && PROGRAMS.some((program) => find(program) === undefined)) process.exitCode = 1;
