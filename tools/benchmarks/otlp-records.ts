// Stands in for an exporter over OTLP, which the project does not have yet: makes of each trace what OTLP/JSON wants, and
// drops it where it would be sent. Putting it into text and sending it are not in it.
import { randomFillSync } from 'node:crypto';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { Attributes, Sink, StageExecution } from '@followspot/core';

type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly doubleValue: number }
  | { readonly intValue: string };

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** As the JSON mapping of OTLP has it: ids in hexadecimal, 64-bit integers as text. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code: number; readonly message?: string };
}

const KIND = { internal: 1, server: 2, client: 3 };
const STATUS = { unset: 0, error: 2 };
/** What OpenTelemetry's batch processor sends at once. */
const SPANS_AT_ONCE = 512;
const ID_BYTES = 8;
const RESOURCE = { attributes: attributesOf({ 'service.name': 'benchmark' }) };
const SCOPE = { name: 'followspot' };
const pool = Buffer.alloc(512 * ID_BYTES);
let usedBytes = pool.length;

/** A sink for kept traces. */
export function otlpRecords(): { readonly sink: Sink; readonly spans: () => number } {
  let batch: Span[] = [];
  let dropped = 0;
  const send = (request: object): void => {
    if ('resourceSpans' in request) dropped += batch.length;
  };
  const sink: Sink = {
    name: 'otlp-records',
    record(stage, { traceId }) {
      // What ran inside the request has ended by then and is below it.
      if (stage.kind !== 'request') return;
      addSpans(batch, stage, traceId, '');
      if (batch.length < SPANS_AT_ONCE) return;
      send({ resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: SCOPE, spans: batch }] }] });
      batch = [];
    },
  };
  return { sink, spans: () => dropped + batch.length };
}

function addSpans(spans: Span[], stage: StageExecution, traceId: string, parentSpanId: string): void {
  const startedUs = Math.round(stage.startedAt * 1_000);
  const spanId = randomId();
  spans.push({
    traceId,
    spanId,
    parentSpanId,
    name: stage.stageId,
    kind: kindOf(stage),
    startTimeUnixNano: `${startedUs}000`,
    endTimeUnixNano: `${startedUs + Math.round(stage.durationMs * 1_000)}000`,
    attributes: attributesOf(stage.attributes),
    status: stage.success
      ? { code: STATUS.unset }
      : { code: STATUS.error, message: stage.errorMessage ?? '' },
  });
  for (const substage of stage.substages) addSpans(spans, substage, traceId, spanId);
}

function kindOf({ kind }: StageExecution): number {
  if (kind === 'request') return KIND.server;
  return kind === 'provider' ? KIND.client : KIND.internal;
}

function attributesOf(attributes: Attributes): KeyValue[] {
  const list: KeyValue[] = [];
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) list.push({ key, value: anyValue(value) });
  }
  return list;
}

function anyValue(value: string | number | boolean): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function randomId(): string {
  if (usedBytes === pool.length) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  usedBytes += ID_BYTES;
  return pool.toString('hex', usedBytes - ID_BYTES, usedBytes);
}
