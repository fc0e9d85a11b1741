import { withSpan } from '@arizeai/openinference-core';
import { setUpSdk, spanTool } from './otel.mjs';

/** `withSpan` around the function. */
export function createTool() {
  return spanTool(setUpSdk(), (name, method) => withSpan(method, { name }));
}
