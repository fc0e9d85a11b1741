import { instrument } from 'logfire';
import { setUpSdk, spanTool } from './otel.mjs';

/** `instrument` around the function. */
export function createTool() {
  return spanTool(setUpSdk(), (name, method) => instrument(method, { spanName: name, message: name }));
}
