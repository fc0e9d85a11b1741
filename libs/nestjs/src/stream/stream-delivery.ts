import type { Readable } from 'node:stream';
import type { AttributeValue } from '@followspot/core';
import { Given } from '../attachment.js';

/** What listeners need of it, whatever the response is. */
type Delivery = Pick<StreamDelivery<never>, 'written' | 'look'>;

/** On each stream that is piped, so that the same functions listen to all of them. */
class Piped extends Given {
  readonly #delivery: Delivery;

  /** Once for each stream. */
  constructor(source: Readable, delivery: Delivery) {
    super(source);
    this.#delivery = delivery;
  }

  static deliveryOf(source: Readable): Delivery | undefined {
    return #delivery in source ? source.#delivery : undefined;
  }
}

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
export class StreamDelivery<Response extends { readonly writableLength: number }> {
  protected readonly response: Response;
  #isCounting = false;
  #bytes = 0;
  #produced = 0;
  #written = 0;
  #highestPendingBytes = 0;
  #highestPendingMessages = 0;

  constructor(response: Response) {
    this.response = response;
  }

  /** What Nest pipes into the response. Never told when nothing is sent, as for HEAD. */
  sentFrom(source: Readable): void {
    this.#isCounting = true;
    new Piped(source, this);
    // After that of the pipe, which is there by now.
    source.on('data', noteWritten);
  }

  /** The response has taken a message. */
  written(chunk: string | Uint8Array): void {
    this.#bytes += Buffer.byteLength(chunk);
    this.#written += 1;
  }

  /** Looks at how much waits in the response. */
  look(): void {
    const pendingBytes = this.response.writableLength;
    if (pendingBytes > this.#highestPendingBytes) this.#highestPendingBytes = pendingBytes;
  }

  /** Messages that were produced and not yet taken by the response; Nest's own ones make it no less than 0. */
  get pendingMessages(): number {
    return this.#isCounting ? Math.max(0, this.#produced - this.#written) : 0;
  }

  /** A message is about to be handed to Nest. */
  produced(): void {
    const pendingMessages = this.pendingMessages;
    if (pendingMessages > this.#highestPendingMessages) this.#highestPendingMessages = pendingMessages;
    this.look();
    this.#produced += 1;
  }

  /** Adds what there is to say: figures above zero. */
  describe(found: Record<string, AttributeValue>): void {
    if (this.#bytes > 0) found['bytes'] = this.#bytes;
    if (this.#highestPendingBytes > 0) found['highestPendingBytes'] = this.#highestPendingBytes;
    if (this.#highestPendingMessages > 0) found['highestPendingMessages'] = this.#highestPendingMessages;
    if (this.pendingMessages > 0) found['unsentMessages'] = this.pendingMessages;
  }
}

function noteWritten(this: Readable, chunk: string | Uint8Array): void {
  const delivery = Piped.deliveryOf(this);
  if (delivery === undefined) return;
  delivery.written(chunk);
  // Full: nothing more is written until it has drained, so this is its highest. It is looked at a tick later, because
  // Node holds everything back until then, whether the client reads or not.
  if (this.readableFlowing === false) process.nextTick(look, delivery);
}

function look(delivery: Delivery): void {
  delivery.look();
}
