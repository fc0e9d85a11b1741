import type { Readable } from 'node:stream';
import type { Attributes, AttributeValue } from '@followspot/core';
import { attachment } from './attachment.js';

/** What belongs to each stream that is piped, so that the same functions listen to all of them. */
const deliveries = attachment<StreamDelivery>();

/**
 * What became of the messages of a stream: produced by the handler, written to the response by Nest, or waiting in
 * between because the client reads too slowly. Keeps numbers only.
 *
 * Nest pipes a stream with one chunk per message into the response. Counting these chunks is exact on both adapters,
 * under HTTP/2 and behind other responses of the same connection, which a difference of `socket.bytesWritten` is not.
 *
 * Bytes are counted from the response on. What waits before it, in Nest and in the stream that Nest pipes, are messages
 * in object mode, which have no size to ask for: these are counted as messages only.
 */
export class StreamDelivery {
  readonly #response: { readonly writableLength: number };
  #isCounting = false;
  #bytes = 0;
  #produced = 0;
  #written = 0;
  #highestPendingBytes = 0;
  #highestPendingMessages = 0;

  constructor(response: { readonly writableLength: number }) {
    this.#response = response;
  }

  /** What Nest pipes into the response. Never told when nothing is sent, as for HEAD. */
  from(source: Readable): void {
    this.#isCounting = true;
    deliveries.attach(source, this);
    source.on('data', noteWritten);
    // Full: nothing more is written until it has drained, so this is its highest. It is looked at a tick later, because
    // Node holds everything back until then, whether the client reads or not.
    source.on('pause', noteFull);
  }

  /** The response has taken a message. */
  written(chunk: string | Uint8Array): void {
    this.#bytes += Buffer.byteLength(chunk);
    this.#written += 1;
  }

  /** Looks at how much waits in the response. */
  look(): void {
    this.#highestPendingBytes = Math.max(this.#highestPendingBytes, this.#response.writableLength);
  }

  /** Messages that were produced and not yet taken by the response; Nest's own ones make it no less than 0. */
  get pendingMessages(): number {
    return this.#isCounting ? Math.max(0, this.#produced - this.#written) : 0;
  }

  /** A message is about to be handed to Nest. */
  produced(): void {
    this.#highestPendingMessages = Math.max(this.#highestPendingMessages, this.pendingMessages);
    this.look();
    this.#produced += 1;
  }

  /** What there is to say: figures above zero. */
  attributes(): Attributes {
    const all: Record<string, AttributeValue> = {
      bytes: this.#bytes,
      highestPendingBytes: this.#highestPendingBytes,
      highestPendingMessages: this.#highestPendingMessages,
      unsentMessages: this.pendingMessages,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
  }
}

function noteWritten(this: Readable, chunk: string | Uint8Array): void {
  deliveries.of(this)?.written(chunk);
}

function noteFull(this: Readable): void {
  const delivery = deliveries.of(this);
  if (delivery !== undefined) process.nextTick(look, delivery);
}

function look(delivery: StreamDelivery): void {
  delivery.look();
}
