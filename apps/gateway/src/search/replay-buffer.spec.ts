import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { GatewayConfig } from '../config/gateway-config.js';
import { ReplayBuffer } from './replay-buffer.service.js';
import type { ReplayLog } from './replay-log.js';

const TTL_MS = 1_000;

function bufferOf(environment: Record<string, string> = {}): ReplayBuffer {
  return new ReplayBuffer(new GatewayConfig({ REPLAY_TTL_MS: String(TTL_MS), ...environment }));
}

/** A stream of these words that is being sent. */
function stream(buffer: ReplayBuffer, traceId: string, words = 'a b c', question = 'q'): ReplayLog {
  const log = buffer.begin(traceId, question);
  buffer.entered(log);
  for (const [index, text] of words.split(' ').entries()) log.record(index + 1, { type: 'token', text });
  return log;
}

describe('A replay buffer', () => {
  let warn: jest.SpiedFunction<Logger['warn']>;
  beforeEach(() => {
    jest.useFakeTimers();
    warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  });
  afterEach(() => {
    jest.useRealTimers();
    warn.mockRestore();
  });

  it('finds what a client has missed', () => {
    const buffer = bufferOf();
    const log = stream(buffer, 't');
    expect(buffer.lookup('t:2', 'q')).toEqual({
      log,
      after: 2,
      missed: [{ type: 'token', text: 'c' }],
      isComplete: false,
    });
  });

  it.each([
    ['is no id', 'garbage', 'malformed'],
    ['is two', 't:1, t:2', 'malformed'],
    ['is of a stream that is not here', 'other:1', 'unknown'],
    ['is of an event that has not been', 't:4', 'unknown'],
    ['is of an event that has been dropped', 't:1', 'dropped'],
  ])('says why it cannot resume what %s', (_, lastEventId, restart) => {
    const buffer = bufferOf({ REPLAY_EVENTS: '1' });
    stream(buffer, 't');
    expect(buffer.lookup(lastEventId, 'q')).toEqual({ restart });
  });

  it('gives nobody the answer to another question', () => {
    const buffer = bufferOf();
    stream(buffer, 't');
    expect(buffer.lookup('t:2', 'Q')).toEqual({ restart: 'other_question' });
  });

  it('forgets a stream when its time is over, which begins when its last client has left', () => {
    const buffer = bufferOf();
    const log = stream(buffer, 't');
    jest.advanceTimersByTime(TTL_MS * 10);
    buffer.entered(log);
    buffer.left(log);
    jest.advanceTimersByTime(TTL_MS * 10);
    expect(buffer.lookup('t:2', 'q')).toHaveProperty('log');
    buffer.left(log);
    jest.advanceTimersByTime(TTL_MS - 10);
    expect(buffer.lookup('t:2', 'q')).toHaveProperty('log');
    jest.advanceTimersByTime(20);
    expect(buffer.lookup('t:2', 'q')).toEqual({ restart: 'unknown' });
    expect(buffer.drops.streams).toBe(0);
  });

  it('stops the time of a stream that a client has come back to', () => {
    const buffer = bufferOf();
    const log = stream(buffer, 't');
    buffer.left(log);
    jest.advanceTimersByTime(TTL_MS - 10);
    buffer.entered(log);
    jest.advanceTimersByTime(TTL_MS * 10);
    expect(buffer.lookup('t:2', 'q')).toHaveProperty('log');
  });

  it('drops the stream that was used longest ago when there are too many, and counts it', () => {
    const buffer = bufferOf({ REPLAY_STREAMS: '2' });
    for (const traceId of ['one', 'two', 'three']) stream(buffer, traceId);
    expect(buffer.lookup('one:1', 'q')).toEqual({ restart: 'unknown' });
    expect(buffer.lookup('three:1', 'q')).toHaveProperty('log');
    expect(buffer.drops).toEqual({ events: 0, streams: 1 });
  });

  it('says once for each bound that it has been reached', () => {
    const buffer = bufferOf({ REPLAY_STREAMS: '1', REPLAY_EVENTS: '2' });
    for (const traceId of ['one', 'two', 'three']) buffer.left(stream(buffer, traceId));
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringContaining('REPLAY_EVENTS=2'),
      expect.stringContaining('REPLAY_STREAMS=1'),
    ]);
    expect(buffer.drops).toEqual({ events: 3, streams: 2 });
  });

  it('does not bring back a stream that was dropped while it was sent', () => {
    const buffer = bufferOf({ REPLAY_STREAMS: '1' });
    const log = stream(buffer, 'one');
    stream(buffer, 'two');
    buffer.left(log);
    expect(buffer.lookup('one:1', 'q')).toEqual({ restart: 'unknown' });
    expect(buffer.lookup('two:1', 'q')).toHaveProperty('log');
  });

  it('keeps two streams with one trace id apart, and has the later', () => {
    const buffer = bufferOf();
    const first = stream(buffer, 't', 'a b c', 'first');
    const second = stream(buffer, 't', 'x y z', 'second');
    first.record(4, { type: 'token', text: 'd' });
    buffer.left(first);
    expect(buffer.lookup('t:3', 'first')).toEqual({ restart: 'other_question' });
    expect(buffer.lookup('t:3', 'second')).toMatchObject({ log: second, missed: [] });
    expect(buffer.drops.streams).toBe(0);
  });
});
