import traceloop from '@traceloop/node-server-sdk';
import { decorated, setUpSdk, spanTool } from './otel.mjs';

/** `@task` on the method, with an SDK that the application has set up itself. It adds `.task` to every name. */
export function createTool() {
  const tool = spanTool(setUpSdk(), (name, method) => decorated(traceloop.task({ name }), name, method));
  const runTrace = async (body) =>
    (await tool.runTrace(body)).map((record) => ({ ...record, name: record.name.replace(/\.task$/, '') }));
  return { ...tool, runTrace };
}
