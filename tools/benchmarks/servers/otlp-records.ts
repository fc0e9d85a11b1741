// Stands in for an exporter over OTLP, which the project does not have yet: makes of each kept trace the bytes that a collector
// takes, and drops them where they would be sent.
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { Sink } from '@followspot/core';
import { SpanBytes } from './otlp-bytes.ts';

/** What OpenTelemetry's batch processor sends at once. */
const SPANS_AT_ONCE = 512;
/** Enough for as many small spans; more is asked for where these are large. */
const ROOM_BYTES = 128 * SPANS_AT_ONCE;

/** A sink for kept traces. */
export function otlpRecords(): { readonly sink: Sink; readonly spans: () => number } {
  let batch = newBatch();
  let droppedSpans = 0;
  let droppedBytes = 0;
  const sink: Sink = {
    name: 'otlp-records',
    record(stage, { traceId }) {
      // What ran inside the request has ended by then and is below it.
      if (stage.kind !== 'request') return;
      batch.addTrace(stage, traceId);
      if (batch.spans < SPANS_AT_ONCE) return;
      droppedBytes += batch.finished().length;
      droppedSpans += batch.spans;
      batch = newBatch();
    },
  };
  return {
    sink,
    spans: () => {
      if (droppedSpans > droppedBytes) throw new Error('spans without bytes');
      return droppedSpans + batch.spans;
    },
  };
}

function newBatch(): SpanBytes {
  return new SpanBytes(ROOM_BYTES, 'benchmark', 'followspot');
}
