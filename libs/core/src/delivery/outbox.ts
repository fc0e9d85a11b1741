import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers';

/** Something that was put off. */
export interface Letter {
  /** Hands it on. Called once. */
  deliver(): void;
  /** Hands on what is left of it, where the process exits from within {@link deliver}. */
  deliverRest?(): void;
}

/** Things that wait at most, in all turns of the event loop; one more, and all are delivered at once. */
export const MOST_LETTERS = 4_096;

/** Whatever is scheduled in here runs in no request's context. */
const outside = new AsyncResource('FollowspotOutbox');

/** Outboxes that have something in them, in case the process ends before its turn does. */
const waiting = new Set<Outbox>();
let isExitFollowed = false;
let isExiting = false;

/**
 * What is put off to the end of the turn of the event loop, so that it costs no request its time and is done for all
 * requests of the turn one after the other: code that runs once in a request finds nothing of its own in the processor's
 * caches and takes several times as long as in a row. The order is kept, and nothing is lost: what is in it when the
 * process exits is delivered first.
 */
export class Outbox {
  readonly #onError: (error: unknown) => void;
  /** Another array after each delivery: V8 has to note every letter that is put into an old one. */
  #letters: Letter[] = [];
  /** The one that is delivered next, and the one that is being delivered. */
  #next = 0;
  #current: Letter | undefined;
  /** Things that wait. */
  #count = 0;
  #isDelivering = false;
  #isScheduled = false;

  /** @param onError Told of what `deliver` throws; the other letters are delivered all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param things How many things are in the letter, or may still be put into it until it is delivered. */
  add(letter: Letter, things = 1): void {
    this.#letters.push(letter);
    this.#count += things;
    if (isExiting) this.empty();
    // Whoever is delivering goes on with it.
    else if (this.#isDelivering) return;
    else if (!this.#isScheduled) this.#schedule();
    else if (this.#count >= MOST_LETTERS) this.empty();
  }

  /** Delivers everything now: whoever reads what the letters change must not see less than has happened. */
  empty(): void {
    // Where the process ends, nobody goes on.
    if (this.#letters.length === 0 || (this.#isDelivering && !isExiting)) return;
    this.#isDelivering = true;
    outside.runInAsyncScope(this.#deliverAll, this);
    this.#isDelivering = false;
  }

  #deliverAll(): void {
    // Where the process exits from within a letter, its rest comes first.
    this.#current?.deliverRest?.();
    while (this.#next < this.#letters.length) {
      this.#current = this.#letters[this.#next];
      this.#next += 1;
      this.#deliver(this.#current);
    }
    this.#current = undefined;
    this.#letters = [];
    this.#next = 0;
    this.#count = 0;
  }

  #deliver(letter: Letter | undefined): void {
    try {
      letter?.deliver();
    } catch (error) {
      this.#onError(error);
    }
  }

  #schedule(): void {
    this.#isScheduled = true;
    waiting.add(this);
    if (!isExitFollowed) followExit();
    outside.runInAsyncScope(setImmediate, undefined, endOfTurn, this);
  }

  /** The turn is over. */
  turnEnded(): void {
    this.#isScheduled = false;
    this.empty();
    waiting.delete(this);
  }
}

function endOfTurn(outbox: Outbox): void {
  outbox.turnEnded();
}

function followExit(): void {
  isExitFollowed = true;
  process.once('exit', () => {
    isExiting = true;
    for (const outbox of waiting) outbox.empty();
  });
}
