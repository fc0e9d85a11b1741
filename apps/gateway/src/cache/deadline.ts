import { addAbortListener } from 'node:events';

/**
 * Rejects when `work` has not settled in time, and at once, with the signal's reason, when the signal aborts. The work
 * itself goes on; nobody waits for it.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  milliseconds: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${milliseconds} ms`));
  }, milliseconds);
  const listener = addAbortListener(signal, () => {
    reject(signal.reason as Error);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    listener[Symbol.dispose]();
  }
}
