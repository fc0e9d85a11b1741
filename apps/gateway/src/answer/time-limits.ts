import {
  connect,
  filter,
  ignoreElements,
  merge,
  type MonoTypeOperatorFunction,
  type Observable,
  throwError,
  timeout,
} from 'rxjs';
import { ProviderTimeout } from './upstream-error.js';

/** How long a stream may keep its reader waiting for content, in milliseconds. */
export interface TimeLimits {
  readonly firstChunkTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/**
 * Fails with {@link ProviderTimeout} when content does not come in time; what is no content (a role, a sign of life) does
 * not help. The source is then unsubscribed from.
 */
export function timeLimited<T>(
  { firstChunkTimeoutMs, stallTimeoutMs }: TimeLimits,
  isContent: (chunk: T) => boolean,
): MonoTypeOperatorFunction<T> {
  const silent = ({ seen }: { readonly seen: number }) =>
    throwError(
      () =>
        new ProviderTimeout(
          seen === 0
            ? `no content within ${firstChunkTimeoutMs} ms`
            : `no further content within ${stallTimeoutMs} ms`,
        ),
    );
  const limits = timeout<T, Observable<never>>({
    first: firstChunkTimeoutMs,
    each: stallTimeoutMs,
    with: silent,
  });
  return connect((chunks) => merge(chunks, chunks.pipe(filter(isContent), limits, ignoreElements())));
}
