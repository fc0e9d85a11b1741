import { readChunk } from '@followspot/nestjs';
import { catchError, concat, defer, EMPTY, type MonoTypeOperatorFunction, tap, throwError } from 'rxjs';
import { AnswerBrokenOff } from './upstream-error.js';

/**
 * An answer is whole once the model has said why it stopped. What goes wrong after that (the usage does not come, the
 * connection breaks) takes nothing from it; an end before it is a failure, which an SDK does not tell from a good one.
 */
export function whole<T>(): MonoTypeOperatorFunction<T> {
  return (chunks) =>
    defer(() => {
      let isWhole = false;
      return concat(
        chunks.pipe(
          tap((chunk) => (isWhole ||= readChunk(chunk)?.finishReason !== undefined)),
          catchError((error: unknown) => (isWhole ? EMPTY : throwError(() => error))),
        ),
        defer(() => (isWhole ? EMPTY : throwError(() => new AnswerBrokenOff()))),
      );
    });
}
