// OpenTelemetry's spans, kept when they have ended as its InMemorySpanExporter keeps them.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';

/** @param stages Spans of a trace, the root included. */
export function keptSpans(stages) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spans = [];
  const processor = {
    onStart() {},
    onEnd: (span) => spans.push(span),
    async forceFlush() {},
    async shutdown() {},
  };
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('benchmark');
  const addOne = () => {
    const root = tracer.startSpan('HTTP.1_REQUEST');
    const below = trace.setSpan(context.active(), root);
    for (let index = 1; index < stages; index += 1) tracer.startSpan(`${index}.0_STEP`, {}, below).end();
    root.end();
  };
  return {
    add(traces) {
      for (let count = 0; count < traces; count += 1) addOne();
    },
    get kept() {
      return spans.length;
    },
  };
}
