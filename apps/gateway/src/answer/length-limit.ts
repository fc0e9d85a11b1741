import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import { AnswerTooLong } from './upstream-error.js';

/** Fails with {@link AnswerTooLong} in place of the chunk with which there would be more than `maxCharacters`. */
export function lengthLimited<T>(
  maxCharacters: number,
  lengthOf: (chunk: T) => number,
): MonoTypeOperatorFunction<T> {
  return (chunks) =>
    defer(() => {
      let length = 0;
      return chunks.pipe(
        tap((chunk) => {
          length += lengthOf(chunk);
          if (length > maxCharacters) throw new AnswerTooLong(maxCharacters);
        }),
      );
    });
}
