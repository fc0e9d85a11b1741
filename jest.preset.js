// The one Jest configuration. Targets call it with `--rootDir <project>`, and `--testMatch` where they run something
// other than the unit specs. Tests run as ESM (`node --experimental-vm-modules`), because Nest 12 is ESM only.
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: {
    // As in tsconfig.base.json: workspace packages are tested from source, so that no test depends on a build.
    customExportConditions: ['@followspot/source', 'node', 'node-addons'],
  },
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  extensionsToTreatAsEsm: ['.ts'],
  // Sources import `./x.js`, which is `./x.ts` until it is built. `.js` goes first for the packages in node_modules.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'] },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
          // A test about `fn.name` must see what tsc would have emitted.
          keepClassNames: true,
        },
      },
    ],
  },
};
