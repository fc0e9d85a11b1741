import { describe, expect, it } from '@jest/globals';
import { ExecutionTracker, Recorder } from '@followspot/core';
import { traceMixin } from './trace-mixin.js';

const tracker = new ExecutionTracker(new Recorder({ sampleRate: 0, rescue: false }));

describe('traceMixin', () => {
  it('adds nothing outside every trace', () => {
    expect(traceMixin()).toEqual({});
  });

  it('adds the trace id inside a trace, also when that is sampled out', () => {
    expect(tracker.runTrace('JOB', traceMixin, { traceId: 'a' })).toEqual({ traceId: 'a' });
  });

  it('adds the thread id where it is another one', () => {
    expect(tracker.runTrace('JOB', traceMixin, { traceId: 'a', threadId: 'b' })).toEqual({
      traceId: 'a',
      threadId: 'b',
    });
  });

  it('adds the trace id also after the trace has ended, to what goes on in its context', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    tracker.runTrace(
      'JOB',
      () => {
        setImmediate(() => {
          resolve(traceMixin());
        });
      },
      { traceId: 'late' },
    );
    expect(await promise).toEqual({ traceId: 'late' });
  });

  it('gives each line an object of its own, because pino writes into it', () => {
    tracker.runTrace('JOB', () => {
      expect(traceMixin()).not.toBe(traceMixin());
    });
  });
});
