// OpenTelemetry for a server, set up as its documentation says: `node --import otel-http.mjs?RATIO`, before everything else.
// Its instrumentation of Nest knows no Nest 12, so there is none.
// RATIO is the share of traces that are sampled. Spans go to a processor that drops them when they have ended.
import { register } from 'node:module';
import { URL } from 'node:url';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

let started = 0;
const dropping = {
  onStart() {
    started += 1;
  },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
};
const ratio = Number(new URL(import.meta.url).search.slice(1));
const tracerProvider = new TracerProvider({
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
  spanProcessors: [dropping],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(tracerProvider);
registerInstrumentations({
  tracerProvider,
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
});

const tracer = trace.getTracer('benchmark');

/** For the application, which cannot import from this folder; see `peers.ts`. */
globalThis.openTelemetry = {
  spans: () => started,
  step: (name, step) => (value) =>
    tracer.startActiveSpan(name, async (span) => {
      try {
        return await step(value);
      } finally {
        span.end();
      }
    }),
};
