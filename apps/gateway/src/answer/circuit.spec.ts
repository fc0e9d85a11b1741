import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { defer, NEVER, type Observable, of, Subject, throwError } from 'rxjs';
import { Circuit } from './circuit.js';
import { CircuitOpen } from './upstream-error.js';

const OPEN_MS = 10_000;
const failing = throwError(() => new Error('500'));
const refused = throwError(() => new Error('400'));

/** What a stream came to: its values, and how it ended. */
async function outcomeOf(stream: Observable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    stream.subscribe({
      next: (value) => seen.push(value),
      error: (error: Error) => {
        seen.push(error instanceof CircuitOpen ? 'open' : error.message);
        resolve();
      },
      complete: () => {
        seen.push('complete');
        resolve();
      },
    });
  });
  return seen;
}

describe('A circuit', () => {
  const onOpen = jest.fn();
  const onClose = jest.fn();
  let circuit: Circuit;

  beforeEach(() => {
    jest.clearAllMocks();
    // Only the clock: promises go on as ever.
    jest.useFakeTimers({ now: 0, doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate'] });
    circuit = new Circuit({
      breakerFailures: 2,
      breakerOpenMs: OPEN_MS,
      isFailure: (error) => (error as Error).message !== '400',
      onOpen,
      onClose,
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const guarded = (stream: Observable<unknown>): Promise<unknown[]> => outcomeOf(circuit.guard(stream));
  const opened = async (): Promise<void> => {
    await guarded(failing);
    await guarded(failing);
  };

  it('lets a stream through as it is', async () => {
    expect(await guarded(of('a', 'b'))).toEqual(['a', 'b', 'complete']);
    expect(await guarded(failing)).toEqual(['500']);
  });

  it('opens after so many failures in a row, and lets nothing through then', async () => {
    await guarded(failing);
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
    await opened();
    expect(onOpen).toHaveBeenCalledTimes(1);
    const called = jest.fn(() => of('a'));
    expect(await guarded(defer(called))).toEqual(['open']);
    expect(called).not.toHaveBeenCalled();
  });

  it('takes a stream that fails after it has begun for a failure', async () => {
    for (let time = 0; time < 2; time += 1) {
      const stream = new Subject<string>();
      const outcome = guarded(stream);
      stream.next('a');
      stream.error(new Error('cut'));
      expect(await outcome).toEqual(['a', 'cut']);
    }
    expect(await guarded(of('a'))).toEqual(['open']);
  });

  it('does not count what says nothing about the provider', async () => {
    for (let time = 0; time < 5; time += 1) {
      await guarded(refused);
      circuit.guard(NEVER).subscribe().unsubscribe();
    }
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
  });

  it('tries one call after a while, and closes when that succeeds', async () => {
    await opened();
    jest.setSystemTime(OPEN_MS);
    const trial = new Subject<string>();
    const outcome = guarded(trial);
    expect(await guarded(of('a'))).toEqual(['open']);
    trial.complete();
    expect(await outcome).toEqual(['complete']);
    expect(onClose).toHaveBeenCalledTimes(1);
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
  });

  it('stays open for as long again when the trial fails', async () => {
    await opened();
    jest.setSystemTime(OPEN_MS);
    expect(await guarded(failing)).toEqual(['500']);
    jest.setSystemTime(2 * OPEN_MS - 1);
    expect(await guarded(of('a'))).toEqual(['open']);
    jest.setSystemTime(2 * OPEN_MS);
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
  });

  it('is not closed by a trial whose client leaves', async () => {
    await opened();
    jest.setSystemTime(OPEN_MS);
    circuit.guard(NEVER).subscribe().unsubscribe();
    await Promise.resolve();
    expect(await guarded(of('a'))).toEqual(['open']);
    expect(onClose).not.toHaveBeenCalled();
    jest.setSystemTime(2 * OPEN_MS);
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
  });

  it.each<[string, (old: Subject<string>, left: () => void) => void]>([
    [
      'whose client leaves',
      (_, leave) => {
        leave();
      },
    ],
    [
      'that fails',
      (old) => {
        old.error(new Error('cut'));
      },
    ],
  ])('leaves the decision to the trial, whatever becomes of an older call %s', async (_, end) => {
    const old = new Subject<string>();
    const subscription = circuit.guard(old).subscribe({ error: () => undefined });
    await opened();
    jest.setSystemTime(OPEN_MS);
    const trial = new Subject<string>();
    const outcome = guarded(trial);
    end(old, () => {
      subscription.unsubscribe();
    });
    await new Promise(setImmediate);
    trial.complete();
    expect(await outcome).toEqual(['complete']);
    expect(onClose).toHaveBeenCalledTimes(1);
    expect(onOpen).toHaveBeenCalledTimes(1);
    expect(await guarded(of('a'))).toEqual(['a', 'complete']);
  });

  it('stops the stream when nobody wants it any more', () => {
    const source = new Subject<string>();
    const subscription = circuit.guard(source).subscribe();
    expect(source.observed).toBe(true);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
  });
});
