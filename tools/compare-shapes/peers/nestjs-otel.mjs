import nestjsOtel from 'nestjs-otel';
import { decorated, setUpSdk, spanTool } from './otel.mjs';

/** `@Span` on the method. */
export function createTool() {
  return spanTool(setUpSdk(), (name, method) => decorated(nestjsOtel.Span(name), name, method));
}
