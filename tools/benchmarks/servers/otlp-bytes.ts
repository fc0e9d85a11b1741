// Spans in the binary form of OTLP (opentelemetry-proto 1, `TracesData`), written by hand: what a stage says goes into bytes
// at once, and no object lives until the batch is sent.
import { randomFillSync } from 'node:crypto';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { AttributeValue, StageExecution } from '@followspot/core';

const KIND = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** Number and wire type of each field, as protobuf puts them before it. */
const TAG = {
  resourceSpans: 0x0a,
  resource: 0x0a,
  scopeSpans: 0x12,
  scope: 0x0a,
  scopeName: 0x0a,
  span: 0x12,
  traceId: 0x0a,
  spanId: 0x12,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attribute: 0x4a,
  resourceAttribute: 0x0a,
  status: 0x7a,
  statusMessage: 0x12,
  statusCode: 0x18,
  key: 0x0a,
  value: 0x12,
  stringValue: 0x0a,
  boolValue: 0x10,
  intValue: 0x18,
  doubleValue: 0x21,
};

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** Of the length of whatever has one: always as many, so that it can be filled in when the thing is written. */
const LENGTH_BYTES = 4;
/** No field is longer, its texts apart. */
const FIELD_BYTES = 3 * (1 + LENGTH_BYTES) + 10;
/** Of a span without its texts and attributes. */
const SPAN_BYTES = 9 * FIELD_BYTES;
/** The most that UTF-8 takes for one unit of a string. */
const UNIT_BYTES = 3;

const pool = new Uint8Array(512 * SPAN_ID_BYTES);
let usedBytes = pool.length;
const scratch = new DataView(new ArrayBuffer(8));

/** The spans of one request to a collector. */
export class SpanBytes {
  /** How many are in it. */
  spans = 0;
  #bytes: Uint8Array;
  #at = 0;
  readonly #resourceSpansAt: number;
  readonly #scopeSpansAt: number;

  constructor(roomBytes: number, service: string, scope: string) {
    this.#bytes = new Uint8Array(roomBytes);
    this.#resourceSpansAt = this.#begin(TAG.resourceSpans);
    const resourceAt = this.#begin(TAG.resource);
    this.#attribute(TAG.resourceAttribute, 'service.name', service);
    this.#finish(resourceAt);
    this.#scopeSpansAt = this.#begin(TAG.scopeSpans);
    const scopeAt = this.#begin(TAG.scope);
    this.#text(TAG.scopeName, scope);
    this.#finish(scopeAt);
  }

  /** Adds the stages of a trace, the outermost first. */
  addTrace(root: StageExecution, traceId: string): void {
    this.#add(root, traceId, -1, -1);
  }

  /** What is to be sent. Nothing can be added any more. */
  finished(): Uint8Array {
    this.#finish(this.#scopeSpansAt);
    this.#finish(this.#resourceSpansAt);
    return this.#bytes.subarray(0, this.#at);
  }

  /** Ids are copied from where they stand already, -1 where they do not yet. */
  #add(stage: StageExecution, traceId: string, traceIdAt: number, parentIdAt: number): void {
    this.#reserve(SPAN_BYTES);
    const spanAt = this.#begin(TAG.span);
    const ownTraceIdAt = this.#idAt(TAG.traceId, TRACE_ID_BYTES);
    if (traceIdAt < 0) this.#hex(ownTraceIdAt, traceId);
    else this.#bytes.copyWithin(ownTraceIdAt, traceIdAt, traceIdAt + TRACE_ID_BYTES);
    const spanIdAt = this.#idAt(TAG.spanId, SPAN_ID_BYTES);
    this.#random(spanIdAt);
    if (parentIdAt >= 0) {
      const parentAt = this.#idAt(TAG.parentSpanId, SPAN_ID_BYTES);
      this.#bytes.copyWithin(parentAt, parentIdAt, parentIdAt + SPAN_ID_BYTES);
    }
    this.#text(TAG.name, stage.stageId);
    this.#small(TAG.kind, kindOf(stage));
    const startedUs = Math.round(stage.startedAt * 1_000);
    this.#nanoseconds(TAG.start, startedUs);
    this.#nanoseconds(TAG.end, startedUs + Math.round(stage.durationMs * 1_000));
    for (const key in stage.attributes) {
      const value = stage.attributes[key];
      if (value !== undefined) this.#attribute(TAG.attribute, key, value);
    }
    if (!stage.success) this.#failure(stage.errorMessage ?? '');
    this.#finish(spanAt);
    this.spans += 1;
    for (const substage of stage.substages) this.#add(substage, traceId, ownTraceIdAt, spanIdAt);
  }

  #failure(message: string): void {
    const statusAt = this.#begin(TAG.status);
    this.#text(TAG.statusMessage, message);
    this.#small(TAG.statusCode, STATUS_ERROR);
    this.#finish(statusAt);
  }

  #attribute(tag: number, key: string, value: AttributeValue): void {
    this.#reserve(2 * FIELD_BYTES);
    const attributeAt = this.#begin(tag);
    this.#text(TAG.key, key);
    const valueAt = this.#begin(TAG.value);
    if (typeof value === 'string') this.#text(TAG.stringValue, value);
    else if (typeof value === 'boolean') this.#small(TAG.boolValue, value ? 1 : 0);
    else if (Number.isSafeInteger(value) && value >= 0) this.#integer(TAG.intValue, value);
    else this.#double(TAG.doubleValue, value);
    this.#finish(valueAt);
    this.#finish(attributeAt);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * this.#bytes.length + count);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** Leaves room for the length of what begins here, and returns where that begins. */
  #begin(tag: number): number {
    this.#bytes[this.#at] = tag;
    this.#at += 1 + LENGTH_BYTES;
    return this.#at;
  }

  /** Fills the length in: protobuf lets a number have more bytes than it needs. */
  #finish(from: number): void {
    const length = this.#at - from;
    const bytes = this.#bytes;
    bytes[from - 4] = (length & 0x7f) | 0x80;
    bytes[from - 3] = ((length >>> 7) & 0x7f) | 0x80;
    bytes[from - 2] = ((length >>> 14) & 0x7f) | 0x80;
    bytes[from - 1] = length >>> 21;
  }

  #text(tag: number, text: string): void {
    this.#reserve(FIELD_BYTES + text.length * UNIT_BYTES);
    const from = this.#begin(tag);
    const bytes = this.#bytes;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#at = from + Buffer.from(bytes.buffer).write(text, from);
        break;
      }
      bytes[this.#at] = unit;
      this.#at += 1;
    }
    this.#finish(from);
  }

  /** A number below 128. */
  #small(tag: number, value: number): void {
    this.#bytes[this.#at] = tag;
    this.#bytes[this.#at + 1] = value;
    this.#at += 2;
  }

  #integer(tag: number, value: number): void {
    this.#bytes[this.#at] = tag;
    this.#at += 1;
    let rest = value;
    for (; rest > 0x7f; this.#at += 1) {
      this.#bytes[this.#at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at] = rest;
    this.#at += 1;
  }

  #double(tag: number, value: number): void {
    scratch.setFloat64(0, value, true);
    this.#fixed(tag);
  }

  /** More than a number can hold exactly, so its halves are computed apart. */
  #nanoseconds(tag: number, microseconds: number): void {
    const high = Math.floor(microseconds / 0x1_0000_0000);
    const low = (microseconds - high * 0x1_0000_0000) * 1_000;
    const carried = Math.floor(low / 0x1_0000_0000);
    scratch.setUint32(0, low - carried * 0x1_0000_0000, true);
    scratch.setUint32(4, high * 1_000 + carried, true);
    this.#fixed(tag);
  }

  #fixed(tag: number): void {
    this.#bytes[this.#at] = tag;
    for (let index = 0; index < 8; index += 1) this.#bytes[this.#at + 1 + index] = scratch.getUint8(index);
    this.#at += 9;
  }

  /** Where an id of so many bytes goes. */
  #idAt(tag: number, count: number): number {
    const from = this.#begin(tag);
    this.#at += count;
    this.#finish(from);
    return from;
  }

  #random(at: number): void {
    if (usedBytes === pool.length) {
      randomFillSync(pool);
      usedBytes = 0;
    }
    for (let index = 0; index < SPAN_ID_BYTES; index += 1)
      this.#bytes[at + index] = pool[usedBytes + index] ?? 0;
    usedBytes += SPAN_ID_BYTES;
  }

  #hex(at: number, id: string): void {
    for (let index = 0; index < TRACE_ID_BYTES; index += 1)
      this.#bytes[at + index] = digit(id.charCodeAt(2 * index)) * 16 + digit(id.charCodeAt(2 * index + 1));
  }
}

/** Of a lowercase hexadecimal digit. */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

function kindOf({ kind }: StageExecution): number {
  if (kind === 'request') return KIND.server;
  return kind === 'provider' ? KIND.client : KIND.internal;
}
