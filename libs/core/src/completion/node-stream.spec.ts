import { once } from 'node:events';
import { Socket } from 'node:net';
import { Duplex, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';

const failure = new Error('stream');

/** Three chunks, each of which takes 1 ms and a substage to make; then the end, or an error. */
function chunks(tracking: Tracking, failsAtEnd = false): Readable {
  let next = 1;
  return new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      tracking.tracker.trackStage(`S${next}`, () => tracking.clock.advance(1));
      if (next <= 3) this.push(next);
      else if (failsAtEnd) this.destroy(failure);
      else this.push(null);
      next += 1;
    },
  });
}

async function closed(stream: Readable): Promise<void> {
  if (!stream.closed) await once(stream, 'close');
}

describe('a stage whose work returns a Node stream', () => {
  it('lasts until the stream has ended, with what the source does below it', async () => {
    const tracking = new Tracking();
    const seen: unknown[] = [];
    await tracking.run(async () => {
      const source = chunks(tracking);
      const stream = tracking.tracker.trackStage('A', () => source);
      expect(stream).toBe(source);
      for await (const chunk of stream) seen.push(chunk);
      await closed(stream);
    });
    expect(seen).toEqual([1, 2, 3]);
    expect(tracking.tree).toBe('ROOT(A(S1 S2 S3 S4))');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 4 });
  });

  it('does not start to flow by being followed', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      await new Promise(setImmediate);
      expect([stream.readableFlowing, stream.readableLength]).toEqual([null, 0]);
      stream.destroy();
    });
  });

  it('fails when the stream is destroyed with an error, which its listeners get', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking, true));
      await expect(
        (async () => {
          for await (const _ of stream);
        })(),
      ).rejects.toBe(failure);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', errorMessage: 'stream' });
  });

  it('adds no error handler: an error that nobody listens for is thrown as before', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      expect(stream.listenerCount('error')).toBe(0);
      expect(() => stream.emit('error', failure)).toThrow(/stream/);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', errorMessage: 'stream' });
  });

  it('is cancelled when the consumer breaks off, which Node itself calls an error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      for await (const chunk of stream) if (chunk === 2) break;
      await closed(stream);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', success: true, errorType: undefined });
  });

  it('is cancelled when the stream is destroyed before its end', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      for await (const _ of stream) break;
      await closed(stream);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', success: true });
  });

  it('is closed as cancelled when the trace ends first', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => chunks(tracking));
    });
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });

  it('may return a Transform, which works in a pipeline', async () => {
    const tracking = new Tracking();
    const seen: unknown[] = [];
    await tracking.run(async () => {
      const double = tracking.tracker.trackStage(
        'A',
        () =>
          new Transform({
            objectMode: true,
            transform(chunk: number, _, done) {
              done(null, chunk * 2);
            },
          }),
      );
      const collect = new Writable({
        objectMode: true,
        write(chunk, _, done) {
          seen.push(chunk);
          done();
        },
      });
      await pipeline(chunks(tracking), double, collect);
    });
    expect(seen).toEqual([2, 4, 6]);
    expect(tracking.stage('A').outcome).toBe('ok');
  });

  it('that a promise brings is one stage with the time before it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = await tracking.tracker.trackStage('A', async () => {
        tracking.clock.advance(6);
        return chunks(tracking);
      });
      for await (const _ of stream);
      await closed(stream);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 10 });
  });

  it('nests when one tracked method hands on the stream of another', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () =>
        tracking.tracker.trackStage('B', () => chunks(tracking)),
      );
      for await (const _ of stream);
      await closed(stream);
    });
    expect(tracking.tree).toBe('ROOT(A(B(S1 S2 S3 S4)))');
    expect([tracking.stage('A').outcome, tracking.stage('B').outcome]).toEqual(['ok', 'ok']);
  });

  it('has one set of listeners on a stream that is returned again and again', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const shared = chunks(tracking);
      for (let times = 0; times < 50; times += 1) tracking.tracker.trackStage('A', () => shared);
      const listeners = shared.eventNames().map((name) => shared.listenerCount(name));
      expect(Math.max(...listeners)).toBe(1);
      for await (const _ of shared);
      await closed(shared);
    });
    expect(tracking.root.substages).toHaveLength(50);
    expect(new Set(tracking.root.substages.map((stage) => stage.outcome))).toEqual(new Set(['ok']));
  });

  it.each<[string, () => Duplex]>([
    ['a socket', () => new Socket()],
    ['a duplex that is no transform', () => new Duplex()],
  ])('counts %s as a value: to return it is to have connected', (_, make) => {
    const tracking = new Tracking();
    const connection = make();
    const result = tracking.run(() =>
      tracking.tracker.trackStage('A', () => {
        tracking.clock.advance(3);
        return connection;
      }),
    );
    expect(result).toBe(connection);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 3 });
    connection.destroy();
  });

  it('counts a stream as a value that has ended or was destroyed before', async () => {
    const tracking = new Tracking();
    const ended = new Readable({
      autoDestroy: false,
      read() {
        this.push(null);
      },
    });
    ended.resume();
    await once(ended, 'end');
    const destroyed = Readable.from(['x']).destroy();
    tracking.run(() => {
      expect(tracking.tracker.trackStage('A', () => ended)).toBe(ended);
      expect(tracking.tracker.trackStage('B', () => destroyed)).toBe(destroyed);
    });
    expect([tracking.stage('A').outcome, tracking.stage('B').outcome]).toEqual(['ok', 'ok']);
  });
});
