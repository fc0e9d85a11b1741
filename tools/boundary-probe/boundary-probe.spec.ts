// Proves that the module boundaries are checked: each forbidden import has to be reported, each allowed one has not.
// A rule that is mis-configured, or that finds no project graph, reports nothing and fails here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCachedProjectGraph } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const NX = '@nx/enforce-module-boundaries';
const OWN = 'no-restricted-imports';
const SYNTAX = 'no-restricted-syntax';

// The probed files do not exist, so what needs their types is off; nothing else differs from `nx lint`.
const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });

async function boundaryErrors(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath });
  assert(result, `${filePath} is ignored by eslint`);
  const fatal = result.messages.find((message) => message.fatal);
  assert(!fatal, fatal?.message);
  return result.messages
    .map((message) => message.ruleId ?? '')
    .filter((id) => [NX, OWN, SYNTAX].includes(id));
}

const forbidden: [claim: string, filePath: string, code: string, rule: string][] = [
  ['core → nestjs', 'libs/core/src/probe.ts', `import '@followspot/nestjs';`, NX],
  ['core → nestjs, lazily', 'libs/core/src/probe.ts', `void import('@followspot/nestjs');`, NX],
  ['core → nestjs, by path', 'libs/core/src/probe.ts', `import '../../nestjs/src/index.js';`, NX],
  ['core → sinks', 'libs/core/src/probe.ts', `import '@followspot/sinks/log';`, NX],
  ['core → a package', 'libs/core/src/probe.ts', `import { of } from 'rxjs';`, OWN],
  ['core → the types of a package', 'libs/core/src/probe.ts', `import type { Observable } from 'rxjs';`, OWN],
  ['core → a package, lazily', 'libs/core/src/probe.ts', `void import('rxjs');`, SYNTAX],
  ['core → a built-in without node:', 'libs/core/src/probe.ts', `import 'crypto';`, OWN],
  ['sinks → nestjs', 'libs/sinks/src/log/probe.ts', `import '@followspot/nestjs';`, NX],
  ['a sink → its sibling', 'libs/sinks/src/log/probe.ts', `import '../prometheus/index.js';`, OWN],
  ['a sink → its sibling, by name', 'libs/sinks/src/otlp/probe.ts', `import '@followspot/sinks/log';`, NX],
  ['nestjs → an app', 'libs/nestjs/src/probe.ts', `import '../../../apps/gateway/src/main.js';`, NX],
  ['e2e → the libraries', 'apps/gateway-e2e/src/probe.ts', `import '@followspot/core';`, NX],
  ['a library → export *', 'libs/nestjs/src/probe.ts', `export * from './tracker.js';`, SYNTAX],
];

const allowed: [claim: string, filePath: string, code: string][] = [
  ['core → built-ins and itself', 'libs/core/src/probe.ts', `import 'node:crypto';\nimport './clock.js';`],
  ['a spec of core → test tools', 'libs/core/src/probe.spec.ts', `import '@jest/globals';`],
  ['sinks → core', 'libs/sinks/src/log/probe.ts', `import '@followspot/core';`],
  ['a sink → a file that sinks share', 'libs/sinks/src/log/probe.ts', `import '../queue.js';`],
  [
    'nestjs → sinks, core',
    'libs/nestjs/src/probe.ts',
    `import '@followspot/sinks/log';\nimport '@followspot/core';`,
  ],
  ['nestjs → a package', 'libs/nestjs/src/probe.ts', `import { of } from 'rxjs';`],
  ['gateway → nestjs', 'apps/gateway/src/probe.ts', `import '@followspot/nestjs';`],
];

for (const [claim, filePath, code, rule] of forbidden) {
  test(`reports ${claim}`, async () => {
    const errors = await boundaryErrors(filePath, code);
    assert(errors.includes(rule), `${rule} said nothing about: ${code}`);
  });
}

for (const [claim, filePath, code] of allowed) {
  test(`allows ${claim}`, async () => {
    assert.deepEqual(await boundaryErrors(filePath, code), []);
  });
}

test('every lib and app has one layer, and every layer has an arrow', async () => {
  const config = (await eslint.calculateConfigForFile('libs/core/src/probe.ts')) as {
    rules: Record<typeof NX, [severity: number, { depConstraints: { sourceTag: string }[] }]>;
  };
  const layers = config.rules[NX][1].depConstraints.map((arrow) => arrow.sourceTag);
  const { nodes } = readCachedProjectGraph();
  for (const { name, data } of Object.values(nodes)) {
    if (data.root === '.') continue;
    const tags = (data.tags ?? []).filter((tag) => layers.includes(tag));
    assert.equal(tags.length, 1, `${name} has the layers: ${tags.join(', ') || 'none'}`);
  }
});
