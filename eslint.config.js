import js from '@eslint/js';
import { createProjectGraphAsync, readCachedProjectGraph } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Without a cached project graph the boundary rule checks nothing and passes. Under `nx lint` there always is one;
// this is for plain `eslint` and for editors in a fresh clone.
try {
  readCachedProjectGraph();
} catch {
  await createProjectGraphAsync();
}

/** The arrows: apps → nestjs → {sinks, insights} → core. Never back, never sideways. */
const arrows = [
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:sinks', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:insights', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:nestjs', onlyDependOnLibsWithTags: ['layer:sinks', 'layer:insights', 'layer:core'] },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: ['layer:nestjs', 'layer:sinks', 'layer:insights', 'layer:core'],
  },
  // The end-to-end tests know the gateway by its process and its port only.
  { sourceTag: 'layer:e2e', onlyDependOnLibsWithTags: [] },
];

const noExportAll = {
  selector: 'ExportAllDeclaration',
  message: 'The index is the API: export by name, so that it reads on one screen.',
};
const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Libraries export by name.',
};
const coreIsAlone = 'Core imports node: built-ins and its own files only.';
const sinkIsAlone = 'A sink never imports a sibling; what two sinks share is a file beside their folders.';

export default defineConfig(
  globalIgnores(['**/dist', '**/coverage', '.nx']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: arrows }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      'no-restricted-syntax': ['error', noExportAll],

      // Nest modules are classes whose decorator says it all.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Asks for an instance wherever Nest takes an options object that is declared as a class.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Observation wraps whatever user code does, and that may throw or reject with anything.
      '@typescript-eslint/only-throw-error': ['error', { allowRethrowing: true, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // node:test runs what is registered; the promise is for those who nest.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: 'test' }] },
      ],
      // `_` says: this position has to be named and is not used.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['libs/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noExportAll, noDefaultExport] },
  },
  {
    files: ['libs/core/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!node:|\\.)', message: coreIsAlone }] }],
      'no-restricted-syntax': [
        'error',
        noExportAll,
        noDefaultExport,
        { selector: 'ImportExpression:not([source.value=/^(node:|\\.)/])', message: coreIsAlone },
      ],
    },
  },
  {
    files: ['libs/sinks/src/*/*.ts'],
    ignores: ['libs/sinks/src/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^\\.\\./(?!testing/)[^/]+/', message: sinkIsAlone }] },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*-spec.ts', '**/src/testing/**/*.ts'],
    rules: {
      // Specs hand over broken and empty things on purpose, and say what they know to be there.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: Object.fromEntries(
        ['clearInterval', 'console', 'performance', 'process', 'setInterval'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    files: ['apps/*/public/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortController',
          'document',
          'EventSource',
          'fetch',
          'history',
          'location',
          'Node',
          'setTimeout',
          'URLSearchParams',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
