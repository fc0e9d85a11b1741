// The public interface of each published entry point, one file each under docs/api, so that a review sees a change of
// it as a diff. `--write` renews them; without it a difference fails. Reads the built .d.ts.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorResult,
} from '@microsoft/api-extractor';

const root = resolve(import.meta.dirname, '../..');
const write = process.argv.includes('--write');

/** Every sub-path of every published package: report name, project, entry. */
const ENTRY_POINTS = [
  { report: 'core', project: 'libs/core', entry: 'dist/index.d.ts' },
  { report: 'sinks-gen-ai', project: 'libs/sinks', entry: 'dist/gen-ai.d.ts' },
  { report: 'sinks-log', project: 'libs/sinks', entry: 'dist/log/index.d.ts' },
  { report: 'sinks-prometheus', project: 'libs/sinks', entry: 'dist/prometheus/index.d.ts' },
  { report: 'nestjs', project: 'libs/nestjs', entry: 'dist/index.d.ts' },
] as const;

const changed = ENTRY_POINTS.filter((entryPoint) => extract(entryPoint).apiReportChanged);
for (const { report } of ENTRY_POINTS) {
  const isChanged = changed.some((entryPoint) => entryPoint.report === report);
  const lines = readFileSync(join(root, `docs/api/${report}.api.md`), 'utf8').split('\n').length;
  console.log(
    `docs/api/${report}.api.md  ${isChanged ? (write ? 'renewed' : 'DIFFERS') : 'as built'}  ${lines} lines`,
  );
}
if (changed.length > 0 && !write) {
  console.error('The public interface has changed. If that is meant: npm run api, and commit docs/api.');
  process.exitCode = 1;
}

function extract({ report, project, entry }: (typeof ENTRY_POINTS)[number]): ExtractorResult {
  const projectFolder = join(root, project);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder,
      mainEntryPointFilePath: join(projectFolder, entry),
      compiler: { tsconfigFilePath: join(projectFolder, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${report}.api.md`,
        reportFolder: join(root, 'docs/api'),
        reportTempFolder: mkdtempSync(join(tmpdir(), 'api-report-')),
        includeForgottenExports: true,
      },
      newlineKind: 'lf',
      messages: {
        // The report is for reading; release tags and documentation form are not checked here.
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
  });
  return Extractor.invoke(config, { localBuild: write, showVerboseMessages: false });
}
