import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { stageDefinition } from '../stage/stage-definition.js';
import type { Stage } from '../stage/stage.js';
import { Tracking } from '../testing/tracking.js';

/** A trace with one stage that runs; its root ends as cancelled when everything has stopped. */
class Left {
  readonly tracking: Tracking;
  readonly root: Stage;
  readonly stopped = Promise.withResolvers<undefined>();

  constructor(abortGraceMs = 10_000) {
    this.tracking = new Tracking({ abortGraceMs });
    this.root = this.tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' }).root!;
  }

  open(stageId: string, parent = this.root): Stage {
    return parent.open(stageDefinition(stageId))!;
  }

  abort(): void {
    this.root.trace.abort(this.tracking.clock.now());
    this.root.trace.whenStopped(() => {
      this.root.cancel();
      this.stopped.resolve(undefined);
    });
  }

  get isOpen(): boolean {
    return this.tracking.recorder.openTraceCount === 1;
  }
}

describe('when nobody waits for a trace any longer', () => {
  it('with nothing running it ends at once, and there is no lag to speak of', () => {
    const left = new Left();
    left.open('A').succeed();
    left.abort();
    expect(left.isOpen).toBe(false);
    expect(left.root.trace.windDown?.lagMs).toBeUndefined();
    expect(left.tracking.stage('A').attributes).toEqual({});
  });

  it('each stage that is running ends by itself and records how long that took', () => {
    const left = new Left();
    const [a, b] = [left.open('A'), left.open('B')];
    left.tracking.clock.advance(100);
    left.abort();
    left.tracking.clock.advance(3);
    a.succeed();
    expect(left.isOpen).toBe(true);
    left.tracking.clock.advance(4);
    b.cancel();
    expect(left.isOpen).toBe(false);
    expect(left.tracking.stage('A')).toMatchObject({
      outcome: 'ok',
      durationMs: 103,
      attributes: { abortLagMs: 3 },
    });
    expect(left.tracking.stage('B')).toMatchObject({
      outcome: 'cancelled',
      durationMs: 107,
      attributes: { abortLagMs: 7 },
    });
    expect(left.root.trace.windDown).toMatchObject({ lagMs: 7, unstoppedStages: 0 });
    expect(left.tracking.recorder.drops.lateStages).toBe(0);
  });

  it('the trace itself lasts until that moment and no longer', () => {
    const left = new Left();
    const a = left.open('A');
    left.tracking.clock.advance(100);
    left.abort();
    left.tracking.clock.advance(50);
    a.succeed();
    expect(left.tracking.root).toMatchObject({ outcome: 'cancelled', durationMs: 100, selfTimeMs: 0 });
  });

  it('a stage that fails has heeded the signal, and that is no error', () => {
    const left = new Left();
    const a = left.open('A');
    left.abort();
    a.fail(new DOMException('This operation was aborted', 'AbortError'));
    expect(left.tracking.stage('A')).toMatchObject({
      outcome: 'cancelled',
      success: true,
      errorType: undefined,
    });
  });

  it('what stops while the signal is being raised has no lag', () => {
    const left = new Left();
    const a = left.open('A');
    left.root.trace.signal.addEventListener('abort', () => {
      a.cancel();
    });
    left.abort();
    expect(left.tracking.stage('A').attributes).toEqual({ abortLagMs: 0 });
    expect(left.isOpen).toBe(false);
  });

  it('what stops between the abort and the waiting is measured too', () => {
    const left = new Left();
    const a = left.open('A');
    left.root.trace.abort(left.tracking.clock.now());
    left.tracking.clock.advance(60);
    a.cancel();
    left.root.trace.whenStopped(() => {
      left.root.cancel();
    });
    expect(left.tracking.stage('A').attributes).toEqual({ abortLagMs: 60 });
    expect(left.root.trace.windDown?.lagMs).toBe(60);
  });

  it('no further stage starts: that is late', () => {
    const left = new Left();
    const a = left.open('A');
    left.abort();
    expect(a.open(stageDefinition('B'))).toBeUndefined();
    expect(left.tracking.recorder.drops.lateStages).toBe(1);
    a.succeed();
    expect(left.tracking.tree).toBe('ROOT(A)');
  });

  it('stages that wait to be used are not waited for', () => {
    const left = new Left();
    left.open('A').hold(false);
    left.abort();
    expect(left.isOpen).toBe(false);
    expect(left.tracking.stage('A').outcome).toBe('ok');
  });

  it('what has not stopped after the grace time is closed as cancelled, and late when it ends', async () => {
    const left = new Left(5);
    const a = left.open('A');
    left.abort();
    expect(left.isOpen).toBe(true);
    await Promise.race([left.stopped.promise, wait(10_000, undefined, { ref: false })]);
    expect(left.isOpen).toBe(false);
    expect(left.root.trace.windDown?.unstoppedStages).toBe(1);
    expect(left.tracking.stage('A')).toMatchObject({ outcome: 'cancelled', attributes: {} });
    a.succeed();
    expect(left.tracking.recorder.drops.lateStages).toBe(1);
  });

  it('it is aborted once, however often it is tried', () => {
    const left = new Left();
    const a = left.open('A');
    left.abort();
    left.tracking.clock.advance(10);
    left.abort();
    a.succeed();
    expect(left.tracking.stage('A').attributes).toEqual({ abortLagMs: 10 });
    left.abort();
    expect(left.tracking.all.stageIds).toEqual(['A', 'ROOT']);
  });

  it('a summary meanwhile says that the trace runs, with the time until somebody left', () => {
    const left = new Left();
    const a = left.open('A');
    left.tracking.clock.advance(100);
    left.abort();
    left.tracking.clock.advance(50);
    expect(left.tracking.tracker.getExecutionSummary('t')).toMatchObject({
      running: true,
      totalDurationMs: 100,
      stages: [{ substages: [{ stageId: 'A', durationMs: 150, running: true }] }],
    });
    a.succeed();
  });

  it('a trace that nobody aborted has nothing to wait for', () => {
    const left = new Left();
    left.open('A');
    left.root.trace.whenStopped(() => {
      left.root.succeed();
    });
    expect(left.isOpen).toBe(false);
    expect(left.tracking.root.outcome).toBe('ok');
  });

  it('an error in what ends the trace is counted and does not reach the stage', () => {
    const left = new Left();
    const a = left.open('A');
    left.root.trace.abort(0);
    left.root.trace.whenStopped(() => {
      throw new Error('bug');
    });
    expect(() => {
      a.succeed();
    }).not.toThrow();
    expect(left.tracking.recorder.drops.internalErrors).toBe(1);
  });
});

describe('a stage that fails with an AbortError', () => {
  const aborted = [
    ['of the platform', new DOMException('This operation was aborted', 'AbortError')],
    ['of Node', Object.assign(new Error('The operation was aborted'), { code: 'ABORT_ERR' })],
  ] as const;

  it.each(aborted)('%s was stopped on purpose: it is cancelled', (_, error) => {
    const tracking = new Tracking();
    const root = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' }).root!;
    root.open(stageDefinition('A', { kind: 'provider' }))?.fail(error);
    root.succeed();
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', errorType: undefined });
    expect(root.trace.upstreamErrors.caused(error)).toBe(false);
  });

  it.each(aborted)('%s and is the root has failed: somebody waited for it', (_, error) => {
    const tracking = new Tracking();
    tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' }).root!.fail(error);
    expect(tracking.root.outcome).toBe('error');
  });

  it.each([null, 'AbortError', new Error('AbortError'), Object.create(null)])(
    'and one that does not, %p, is an error',
    (error) => {
      const tracking = new Tracking();
      const root = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' }).root!;
      root.open(stageDefinition('A'))?.fail(error);
      root.succeed();
      expect(tracking.stage('A').outcome).toBe('error');
    },
  );
});
