// What the peers on top of OpenTelemetry share: an SDK in memory that keeps every span, also those that never end.
import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Observable } from 'rxjs';

/** A tool that records spans, tracked by `track`. The global SDK has to be set up. */
export function spanTool(collector, track) {
  return {
    Observable,
    canSayCancelled: false,
    track,
    runTrace: async (body) => {
      const first = collector.spans.length;
      await trace.getTracer('shapes').startActiveSpan('trial', async (root) => {
        await body();
        root.end();
      });
      return collector.spans.slice(first + 1).map(recordOf);
    },
  };
}

/** Sets up the global SDK with the default sampler, which keeps everything, and returns where its spans arrive. */
export function setUpSdk() {
  const collector = new SpanCollector();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [collector] }));
  return collector;
}

/** A span processor; keeps spans in the order in which they started. */
export class SpanCollector {
  spans = [];
  onStart(span) {
    this.spans.push(span);
  }
  onEnd() {}
  async forceFlush() {}
  async shutdown() {}
}

/** Applies a decorator as TypeScript does. */
export function decorated(decorator, name, method) {
  const service = { [name]: method };
  const descriptor = Object.getOwnPropertyDescriptor(service, name);
  const result = decorator(service, name, descriptor);
  Object.defineProperty(service, name, result ?? descriptor);
  return () => service[name]();
}

function recordOf(span) {
  const [seconds, nanoseconds] = span.duration;
  return {
    id: span.spanContext().spanId,
    parentId: span.parentSpanContext?.spanId,
    name: span.name,
    durationMs: span.ended ? seconds * 1_000 + nanoseconds / 1_000_000 : undefined,
    outcome: isFailed(span) ? 'error' : 'ok',
  };
}

/** By the status, or in the word that Langfuse has for it. */
function isFailed({ status, attributes }) {
  return status.code === SpanStatusCode.ERROR || attributes['langfuse.observation.level'] === 'ERROR';
}
