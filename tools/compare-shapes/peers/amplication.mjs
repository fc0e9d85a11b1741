import 'reflect-metadata';
// Its index asks for the exporters and instrumentations of a whole deployment. `@Span` leaves a mark on the method, and
// what the module makes of the mark when the application starts is this call.
import wrapper from '@amplication/opentelemetry-nestjs/dist/trace/trace-wrapper.js';
import { setUpSdk, spanTool } from './otel.mjs';

/** `@Span` on the method, as applied by `OpenTelemetryModule`. */
export function createTool() {
  return spanTool(setUpSdk(), (name, method) => wrapper.TraceWrapper.wrap(method, name));
}
