import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { StreamDelivery } from './stream-delivery.js';

const response = { writableLength: 0 };

function deliveryOf(
  to: { readonly writableLength: number },
  source: PassThrough,
): StreamDelivery<typeof response> {
  const delivery = new StreamDelivery(to);
  delivery.sentFrom(source);
  return delivery;
}

function said(delivery: StreamDelivery<typeof response>): object {
  const found = {};
  delivery.describe(found);
  return found;
}

describe('The delivery of a stream', () => {
  it('counts the bytes, not the characters, of what reaches the response', () => {
    const source = new PassThrough();
    const delivery = deliveryOf(response, source);
    delivery.produced();
    source.emit('data', 'größe');
    expect(said(delivery)).toEqual({ bytes: 7 });
  });

  it('tells how many messages waited at most, and how many were never sent', () => {
    const source = new PassThrough();
    const delivery = deliveryOf(response, source);
    for (let index = 0; index < 4; index += 1) delivery.produced();
    source.emit('data', 'a');
    source.emit('data', 'b');
    expect(said(delivery)).toEqual({ bytes: 2, highestPendingMessages: 3, unsentMessages: 2 });
    expect(delivery.pendingMessages).toBe(2);
  });

  it('is not confused by messages that Nest sends by itself', () => {
    const source = new PassThrough();
    const delivery = deliveryOf(response, source);
    source.emit('data', ': \n\n');
    expect(delivery.pendingMessages).toBe(0);
  });

  it('tells the most bytes that waited in the response when a message came', () => {
    const changing = { writableLength: 10 };
    const delivery = new StreamDelivery(changing);
    for (const length of [10, 500, 20]) {
      changing.writableLength = length;
      delivery.produced();
    }
    expect(said(delivery)).toEqual({ highestPendingBytes: 500 });
  });

  it('tells what fills the response when no message comes after it', async () => {
    const changing = { writableLength: 0 };
    const source = new PassThrough();
    const delivery = deliveryOf(changing, source);
    delivery.produced();
    source.resume();
    changing.writableLength = 3_000_000;
    source.pause();
    source.emit('data', 'full');
    await new Promise(setImmediate);
    changing.writableLength = 0;
    expect(said(delivery)).toMatchObject({ highestPendingBytes: 3_000_000 });
  });

  it('does not take for waiting what Node holds back for one tick', async () => {
    const changing = { writableLength: 0 };
    const source = new PassThrough();
    const delivery = deliveryOf(changing, source);
    source.resume();
    changing.writableLength = 3_000_000;
    process.nextTick(() => {
      changing.writableLength = 0;
    });
    source.pause();
    source.emit('data', 'full');
    await new Promise(setImmediate);
    expect(said(delivery)).toEqual({ bytes: 4 });
  });

  it('says nothing of messages where nothing is sent', () => {
    const delivery = new StreamDelivery(response);
    delivery.produced();
    delivery.produced();
    expect(said(delivery)).toEqual({});
  });
});
