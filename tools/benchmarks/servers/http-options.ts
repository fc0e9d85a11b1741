import { parseArgs } from 'node:util';
import { PAGE } from '../harness/page.ts';

/** Node's own servers below Nest. */
export type Adapter = 'express' | 'fastify';

/** How the questions about streams are asked. */
export interface HttpOptions {
  /** `--fastify`; Express without it. */
  readonly adapter: Adapter;
  /** `--quick`: under a minute, and too short to be quoted. */
  readonly isQuick: boolean;
  /** `--markdown`: the tables also replace the ones in this page. */
  readonly page: string | undefined;
}

/** Reads the command line. An argument that is not known ends the process and is named. */
export function readHttpOptions(): HttpOptions {
  const { values } = parseArgs({
    options: {
      fastify: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
    },
  });
  return {
    adapter: values.fastify ? 'fastify' : 'express',
    isQuick: values.quick,
    page: values.markdown ? PAGE : undefined,
  };
}
