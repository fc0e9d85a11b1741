import { Observable } from 'rxjs';

/**
 * A text word by word, each with the space that follows it. Between two words the event loop gets a turn, so that
 * other requests are served and the departure of a client is noticed.
 */
export function pacedWords(text: string): Observable<string> {
  return new Observable((subscriber) => {
    const words = text.matchAll(/\S+\s*/g);
    const emitNext = (): void => {
      const { done, value } = words.next();
      if (done) {
        subscriber.complete();
        return;
      }
      turn = setImmediate(emitNext);
      subscriber.next(value[0]);
    };
    let turn = setImmediate(emitNext);
    return () => {
      clearImmediate(turn);
    };
  });
}
