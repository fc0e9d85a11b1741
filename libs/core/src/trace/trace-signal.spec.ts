import { describe, expect, it } from '@jest/globals';
import type { Sink } from '../delivery/sink.js';
import { stageDefinition } from '../stage/stage-definition.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Tracking } from '../testing/tracking.js';

describe('the signal of a trace', () => {
  function openTrace(tracking: Tracking) {
    const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
    return { root: root!, signal: () => root!.run(() => tracking.tracker.signal) };
  }

  it('is one and the same for all of its stages', () => {
    const tracking = new Tracking();
    const { root, signal } = openTrace(tracking);
    const inside = root.run(() => tracking.tracker.trackStage('A', () => tracking.tracker.signal));
    expect(inside).toBe(signal());
    expect(inside.aborted).toBe(false);
  });

  it('aborts when the trace is cancelled', () => {
    const { root, signal } = openTrace(new Tracking());
    const before = signal();
    root.cancel();
    expect(before.aborted).toBe(true);
    expect(before.reason).toMatchObject({ name: 'AbortError' });
  });

  it('has aborted for those who ask for it only after that', () => {
    const { root, signal } = openTrace(new Tracking());
    root.cancel();
    expect(signal().aborted).toBe(true);
  });

  it('is not all: a sink knows that nobody waits, at every stage that ends from then on', () => {
    const told: [string, boolean | undefined][] = [];
    const sink: Sink = {
      name: 'told',
      scope: 'all',
      record: ({ stageId }, { isAborted }) => void told.push([stageId, isAborted]),
    };
    const tracking = new Tracking({ sinks: [sink] });
    const { root } = openTrace(tracking);
    root.run(() => tracking.tracker.trackStage('A', () => 1));
    const running = root.open(stageDefinition('B'));
    root.trace.abort(tracking.clock.now());
    running?.succeed();
    root.cancel();
    tracking.recorder.deliver();
    expect(told).toEqual([
      ['A', false],
      ['B', true],
      ['ROOT', true],
    ]);
  });

  it('is no time of other traces: what waits to be handed on is told later', () => {
    const clock = new ManualClock();
    const sink = {
      name: 'slow',
      record: () => {
        clock.advance(50);
      },
    };
    const slow = new Tracking({ clock, sinks: [sink] });
    slow.run(() => slow.tracker.trackStage('A', () => 1));
    const { root } = slow.recorder.openTrace(stageDefinition('LEFT'), { threadId: 'left' });
    root?.trace.abort(clock.now());
    root?.cancel();
    expect(slow.tracker.getExecutionSummary('left')?.totalDurationMs).toBe(0);
  });

  it.each(['succeed', 'fail'] as const)('does not abort when the trace ends otherwise: %s', (how) => {
    const { root, signal } = openTrace(new Tracking());
    const before = signal();
    root[how](new Error('x'));
    expect([before.aborted, signal().aborted]).toEqual([false, false]);
  });

  it('lets a stage that stops at once end by itself', () => {
    const tracking = new Tracking();
    const { root, signal } = openTrace(tracking);
    const stage = root.open(stageDefinition('A'))!;
    signal().addEventListener('abort', () => {
      stage.fail(new Error('stopped'));
    });
    root.cancel();
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', errorMessage: undefined });
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('aborts in a trace that records nothing, too', () => {
    const { root, signal } = openTrace(new Tracking({ enabled: false }));
    const before = signal();
    root.cancel();
    expect(before.aborted).toBe(true);
  });

  it('never aborts outside a trace, and is not shared there', () => {
    const { tracker } = new Tracking();
    expect(tracker.signal.aborted).toBe(false);
    expect(tracker.signal).not.toBe(tracker.signal);
  });
});
