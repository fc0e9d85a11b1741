import { setTimeout as sleep } from 'node:timers/promises';
import type { Observable } from 'rxjs';
import type { Shape, Trial } from './trial.ts';
import { HALF_WAY, PAUSE_MS, STEPS } from './work.ts';

/** Methods that return an Observable, which starts to work when somebody subscribes. */
export const observableShapes: readonly Shape[] = [
  {
    name: 'Observable, complete',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      await use(trial.begin(), await returned(trial, source(trial)));
    },
  },
  {
    name: 'Observable, error',
    outcome: 'error',
    uses: 1,
    run: async (trial) => {
      const how = await use(trial.begin(), await returned(trial, source(trial, { failsAt: HALF_WAY })));
      trial.check(how === 'error', 'error swallowed');
    },
  },
  {
    name: 'Observable, unsubscribe',
    outcome: 'cancelled',
    uses: 1,
    run: async (trial) => {
      let isStopped = false;
      const stopped = (): void => {
        isStopped = true;
      };
      await use(trial.begin(), await returned(trial, source(trial, { stopped })), HALF_WAY);
      trial.check(isStopped, 'source runs on');
    },
  },
  {
    name: 'Observable, subscribed twice',
    outcome: 'ok',
    uses: 2,
    run: async (trial) => {
      const result = await returned(trial, source(trial));
      const first = use(trial.begin(), result);
      // At the same time and not in step, so that each subscription has to keep to its own record.
      await sleep(PAUSE_MS / 2);
      await Promise.all([first, use(trial.begin(), result)]);
    },
  },
  {
    name: 'Observable, never subscribed',
    outcome: 'ok',
    uses: 0,
    run: async (trial) => {
      await returned(trial, source(trial));
    },
  },
  {
    name: 'Promise<Observable>',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const method = trial.track(async () => {
        await sleep(PAUSE_MS);
        return source(trial);
      });
      const end = trial.begin();
      const result = method();
      trial.check(result instanceof Promise, 'other type');
      await use(end, await trial.unchanged(await result, (value) => value instanceof trial.Observable));
    },
  },
];

/** Emits after each pause and calls another tracked method every time. */
function source(trial: Trial, how: { failsAt?: number; stopped?: () => void } = {}): Observable<number> {
  return new trial.Observable<number>((subscriber) => {
    let step = 0;
    const timer = setInterval(() => {
      step += 1;
      trial.workInside();
      subscriber.next(step);
      if (step === how.failsAt) subscriber.error(new Error('failed'));
      if (step === STEPS) subscriber.complete();
    }, PAUSE_MS);
    return () => {
      clearInterval(timer);
      how.stopped?.();
    };
  });
}

async function returned(trial: Trial, observable: Observable<number>): Promise<Observable<number>> {
  return trial.unchanged(trial.track(() => observable)(), (value) => value instanceof trial.Observable);
}

/** Subscribes until the end, or until the consumer has had enough, and says what the consumer saw. */
function use(
  end: () => void,
  observable: Observable<number>,
  leavesAt = Number.POSITIVE_INFINITY,
): Promise<'complete' | 'error' | 'left'> {
  return new Promise((resolve) => {
    const ended = (how: 'complete' | 'error' | 'left') => (): void => {
      end();
      resolve(how);
    };
    const subscription = observable.subscribe({
      next: (step) => {
        if (step < leavesAt) return;
        subscription.unsubscribe();
        ended('left')();
      },
      complete: ended('complete'),
      error: ended('error'),
    });
  });
}
