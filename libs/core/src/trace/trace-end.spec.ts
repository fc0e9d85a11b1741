import { describe, expect, it } from '@jest/globals';
import { currentStage } from '../context/context.js';
import { stageDefinition } from '../stage/stage-definition.js';
import type { Stage } from '../stage/stage.js';
import { Tracking } from '../testing/tracking.js';

function opened(tracking: Tracking): Stage {
  return tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' }).root!;
}

describe('when a trace ends', () => {
  it('what still runs is closed as cancelled, and its own end then counts once as late', async () => {
    const tracking = new Tracking();
    const { promise, resolve } = Promise.withResolvers<string>();
    let result: Promise<string> | undefined;
    tracking.run(() => {
      result = tracking.tracker.trackStage('A', () => promise);
      tracking.clock.advance(3);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', success: true, durationMs: 3 });
    expect(tracking.recorder.drops.lateStages).toBe(0);
    resolve('late');
    expect(await result).toBe('late');
    expect(tracking.recorder.drops.lateStages).toBe(1);
    expect(tracking.stage('A').outcome).toBe('cancelled');
    expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
  });

  it('a stage that it closed counts once as late, however often its work ends it', () => {
    const tracking = new Tracking();
    const root = opened(tracking);
    const stage = root.open(stageDefinition('A'));
    root.succeed();
    stage?.succeed();
    stage?.cancel();
    stage?.fail(new Error('again'));
    expect(tracking.recorder.drops.lateStages).toBe(1);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', errorType: undefined });
  });

  it('an error that comes too late reaches the caller and not the record', async () => {
    const tracking = new Tracking();
    const failure = new Error('late');
    const { promise, reject } = Promise.withResolvers<string>();
    let result: Promise<string> | undefined;
    tracking.run(() => {
      result = tracking.tracker.trackStage('A', () => promise);
    });
    reject(failure);
    await expect(result).rejects.toBe(failure);
    expect(tracking.stage('A')).toMatchObject({
      outcome: 'cancelled',
      errorType: undefined,
      errorMessage: undefined,
    });
    expect(tracking.recorder.drops.lateStages).toBe(1);
  });

  it('stages that start afterwards are plain calls, counted, and still know their trace id', async () => {
    const tracking = new Tracking();
    const gate = Promise.withResolvers<undefined>();
    let later: Promise<unknown> | undefined;
    tracking.run(() => {
      later = gate.promise.then(() => tracking.tracker.trackStage('LATE', () => tracking.tracker.traceId));
    });
    const { traceId } = tracking.summary;
    gate.resolve(undefined);
    expect(await later).toBe(traceId);
    expect(tracking.tree).toBe('ROOT');
    expect(tracking.recorder.drops.lateStages).toBe(1);
    expect(tracking.all.stageIds).toEqual(['ROOT']);
  });

  it('an unsampled one without rescue counts nothing as late', () => {
    const tracking = new Tracking({ sampleRate: 0, rescue: false }, 'kept');
    const root = opened(tracking);
    root.succeed();
    root.run(() => tracking.tracker.trackStage('LATE', () => undefined));
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('its root may be ended again without consequence', () => {
    const tracking = new Tracking();
    const root = opened(tracking);
    root.fail(new Error('first'));
    root.succeed();
    root.cancel();
    root.fail(new Error('second'));
    expect(tracking.root).toMatchObject({ outcome: 'error', errorMessage: 'first' });
    expect(tracking.recorder.history.size).toBe(1);
    expect(tracking.recorder.openTraceCount).toBe(0);
    expect(tracking.all.stageIds).toEqual(['ROOT']);
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('a stage that was ended twice before was recorded once, by the first end', () => {
    const tracking = new Tracking();
    const root = opened(tracking);
    const stage = root.open(stageDefinition('A'));
    stage?.succeed();
    stage?.fail(new Error('second'));
    root.succeed();
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', errorType: undefined });
    expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('substages are handed over before the stages they ran in, and siblings in their order', () => {
    const tracking = new Tracking();
    const root = opened(tracking);
    for (const parent of ['A', 'B']) {
      const stage = root.open(stageDefinition(parent));
      stage?.open(stageDefinition(`${parent}1`));
      stage?.open(stageDefinition(`${parent}2`));
    }
    root.succeed();
    expect(tracking.all.stageIds).toEqual(['A1', 'A2', 'A', 'B1', 'B2', 'B', 'ROOT']);
  });

  it('the root may end while it is not the stage that is running', () => {
    const tracking = new Tracking();
    const root = opened(tracking);
    root.run(() => {
      tracking.tracker.trackStage('A', () => {
        root.cancel();
        expect(currentStage()?.hasEnded).toBe(true);
        expect(tracking.tracker.trackStage('B', () => 'plain')).toBe('plain');
      });
    });
    expect(tracking.tree).toBe('ROOT(A)');
    expect(tracking.recorder.drops.lateStages).toBe(2);
  });

  it('a clock that breaks meanwhile gives durations of 0 and breaks nothing', () => {
    let isBroken = false;
    const tracking = new Tracking({
      clock: {
        now: () => {
          if (isBroken) throw new Error('no clock');
          return 5;
        },
        wallNow: () => NaN,
      },
    });
    expect(
      tracking.run(() => {
        isBroken = true;
        return tracking.tracker.trackStage('A', () => 'value');
      }),
    ).toBe('value');
    expect(tracking.root).toMatchObject({ outcome: 'ok', durationMs: 0, selfTimeMs: 0 });
    expect(Number.isFinite(tracking.root.startedAt)).toBe(true);
  });
});

describe('the error of a trace', () => {
  it('is that of its root, and comes back as it is', () => {
    const tracking = new Tracking();
    const failure = new RangeError('bad');
    expect(() =>
      tracking.run(() => {
        throw failure;
      }),
    ).toThrow(failure);
    expect(tracking.summary).toMatchObject({ outcome: 'error', success: false });
    expect(tracking.root).toMatchObject({ errorType: 'RangeError', errorMessage: 'bad' });
  });

  it('is cut to the limit attributeLength', () => {
    const tracking = new Tracking({ limits: { attributeLength: 8 } });
    expect(() =>
      tracking.run(() => {
        throw new Error('0123456789');
      }),
    ).toThrow();
    expect(tracking.root.errorMessage).toBe('01234567');
  });
});
