// The peers, set up as their documentation says. This file lies beside their node_modules and is imported only when
// they are installed.
import { context, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import nestjsOtel from 'nestjs-otel';

/** Drops what ends, so that recording is measured and not an exporter. */
class DroppingProcessor {
  ended = 0;
  onStart() {}
  onEnd() {
    this.ended += 1;
  }
  async forceFlush() {}
  async shutdown() {}
}

/**
 * OpenTelemetry's `startActiveSpan` and nestjs-otel's `@Span`, recorded and unsampled. The sampler of the recorded
 * ones is the default one (parent-based, always on).
 * @param decorated Makes a service whose methods have a decorator.
 */
export function peerVariants(decorated) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // nestjs-otel asks the global provider at every call; which SDK answers is switched between batches, not measured.
  const global = new ProxyTracerProvider();
  trace.setGlobalTracerProvider(global);

  const sdk = (options) => {
    const processor = new DroppingProcessor();
    return { processor, provider: new TracerProvider({ spanProcessors: [processor], ...options }) };
  };
  const service = (provider) => new WithSpans(provider.getTracer('benchmark'));
  const withSpan = () => decorated((key) => nestjsOtel.Span(key));
  const sampled = { records: true, ofSdk: () => sdk({}) };
  const unsampled = { records: false, ofSdk: () => sdk({ sampler: new AlwaysOffSampler() }) };
  return [
    variant('OpenTelemetry startActiveSpan, recorded', global, sampled, service),
    variant('OpenTelemetry startActiveSpan, unsampled', global, unsampled, service),
    variant('nestjs-otel @Span, recorded', global, sampled, withSpan),
    variant('nestjs-otel @Span, unsampled', global, unsampled, withSpan),
  ];
}

function variant(name, global, { records, ofSdk }, serviceOf) {
  const { processor, provider } = ofSdk();
  const tracer = provider.getTracer('benchmark');
  let endedBefore = 0;
  return {
    name,
    service: serviceOf(provider),
    records,
    within(batch) {
      global.setDelegate(provider);
      endedBefore = processor.ended;
      return tracer.startActiveSpan('batch', (parent) => {
        const result = batch();
        if (result instanceof Promise) return result.finally(() => parent.end());
        parent.end();
        return result;
      });
    },
    recorded() {
      const parent = trace.getActiveSpan();
      const child = trace.getTracer('benchmark').startSpan('check');
      const isReal = child.spanContext().spanId !== parent?.spanContext().spanId;
      if (!isReal) throw new Error(`${name}: the SDK makes no spans here`);
      if (child.isRecording() !== records) throw new Error(`${name}: a span is recording: ${!records}`);
      return processor.ended - endedBefore;
    },
    problems: () => [],
  };
}

/** The same methods as every variant has, with spans by hand. */
class WithSpans {
  #tracer;

  constructor(tracer) {
    this.#tracer = tracer;
  }

  addNow(n) {
    return this.#tracer.startActiveSpan('addNow', (span) => {
      try {
        return n + 1;
      } finally {
        span.end();
      }
    });
  }

  addLater(n) {
    return this.#tracer.startActiveSpan('addLater', async (span) => {
      try {
        return n + 1;
      } finally {
        span.end();
      }
    });
  }
}
