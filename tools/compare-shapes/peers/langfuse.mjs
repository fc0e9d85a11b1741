import { observe } from '@langfuse/tracing';
import { setUpSdk, spanTool } from './otel.mjs';

/** `observe` around the function. */
export function createTool() {
  return spanTool(setUpSdk(), (name, method) => observe(method, { name }));
}
