// The generated files under monitoring/. `--write` renews them; without it a difference fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dashboard } from '../grafana/dashboard.ts';
import { RULE_GROUPS } from '../alert-rules/rule-groups.ts';
import { ruleFile } from '../alert-rules/rule-file.ts';
import { ruleTests } from '../alert-rules/rule-tests.ts';

const root = resolve(import.meta.dirname, '../..');
const write = process.argv.includes('--write');

const tests = ruleTests(RULE_GROUPS);
const FILES = {
  'monitoring/grafana_dashboard.json': dashboard(),
  'monitoring/alerts.yml': ruleFile(RULE_GROUPS),
  'monitoring/alerts.test.yml': tests.short,
  'monitoring/alerts-of-days.test.yml': tests.long,
};

const different = Object.entries(FILES).filter(([path, content]) => {
  const file = join(root, path);
  const isSame = existsSync(file) && readFileSync(file, 'utf8') === content;
  if (!isSame && write) writeFileSync(file, content);
  console.log(`${path}  ${isSame ? 'as generated' : write ? 'renewed' : 'DIFFERS'}`);
  return !isSame;
});
if (different.length > 0 && !write) {
  console.error('Generated files and their generators differ. To renew the files: npm run monitoring');
  process.exitCode = 1;
}
