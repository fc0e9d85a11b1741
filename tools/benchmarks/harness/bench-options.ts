import { parseArgs } from 'node:util';
import { PAGE } from './page.ts';

/** How a benchmark that needs no server is asked. */
export interface BenchOptions {
  /** `--quick`: one launch, and too short to be quoted; the page is left as it is. */
  readonly isQuick: boolean;
  /** `--markdown`: the tables also replace the ones in this page. */
  readonly page: string | undefined;
  /** `--launch MODE`: this process is one of those that measure; see `launch` in `harness.ts`. */
  readonly mode: string | undefined;
}

/** Reads the command line. An argument that is not known ends the process and is named. */
export function readBenchOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      launch: { type: 'string' },
    },
  });
  return {
    isQuick: values.quick,
    page: values.markdown && !values.quick ? PAGE : undefined,
    mode: values.launch,
  };
}
