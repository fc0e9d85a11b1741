import { Injectable, Logger } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { defer, type Observable, tap } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { Flight } from './flight.js';
import { LeaderLeft, SharedAnswerFailed } from './flight-errors.js';

/** As metrics and stages call it. */
const CACHE = 'flight';

/**
 * Answers that are being worked out. Who asks for one of them joins instead of having it worked out once more: the
 * leader works, in its own trace, and the others listen, each in its own. See docs/decisions/0021-one-answer-for-all.md.
 */
@Injectable()
export class Flights<T> {
  /** How often somebody could not join because of FLIGHT_EVENTS. */
  missed = 0;
  readonly #logger = new Logger('Flights');
  readonly #flights = new Map<string, Flight<T>>();

  constructor(
    private readonly config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {}

  /** How many answers are being worked out that somebody may join. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * The answer under way that can be joined. Undefined: whoever asks leads, and has to do so before anything else. Whether
   * one that was found is a hit, {@link follow} will see.
   */
  @TrackStage('2.3_FLIGHT_LOOKUP', {
    kind: 'cache',
    attributes: (flight: Flight<unknown> | undefined) => ({
      cache: CACHE,
      ...(flight === undefined ? { hit: false } : { sharedTraceId: flight.traceId }),
    }),
  })
  lookup(key: string): Flight<T> | undefined {
    const flight = this.#flights.get(key);
    if (flight?.isOpen === false) {
      this.#countMissed();
      return undefined;
    }
    return flight;
  }

  /** The work, which others may join from its beginning to its end. When it is left, they are told. */
  lead(key: string, work: Observable<T>): Observable<T> {
    return defer(() => {
      const flight = new Flight<T>(this.tracker.traceId ?? 'unknown', this.config.flightEvents);
      // Takes the place of one that can no longer be joined; those who are aboard stay there.
      this.#flights.set(key, flight);
      const leave = (): void => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      };
      return work.pipe(
        tap({
          next: (event) => {
            flight.tell(event);
          },
          complete: () => {
            leave();
            flight.land();
          },
          error: (error: unknown) => {
            leave();
            flight.fail(new SharedAnswerFailed(flight.traceId, error));
          },
          unsubscribe: () => {
            leave();
            flight.fail(new LeaderLeft(flight.traceId));
          },
        }),
      );
    });
  }

  /**
   * What the leader tells, from the beginning on. Fails with {@link LeaderLeft} or {@link SharedAnswerFailed}; it is a hit
   * when it comes to its end, because whoever has to work all the same has saved nothing. What is saved is the time that
   * the leader was ahead, and the money, which the engine knows.
   */
  @TrackStage('2.4_SHARED_ANSWER', { kind: 'cache' })
  follow(flight: Flight<T>): Observable<T> {
    return defer(() => {
      const aheadMs = flight.ageMs;
      this.tracker.setAttribute('cache', CACHE);
      this.tracker.setAttribute('sharedTraceId', flight.traceId);
      return flight.events.pipe(
        tap({
          complete: () => {
            this.tracker.setAttribute('hit', true);
            this.tracker.setAttribute('timeSavedMs', Math.round(aheadMs * 1_000) / 1_000);
          },
        }),
      );
    });
  }

  #countMissed(): void {
    this.missed += 1;
    if (this.missed > 1) return;
    this.#logger.warn(
      `An answer has more events than FLIGHT_EVENTS=${this.config.flightEvents}: it is worked out again for who asks late`,
    );
  }
}
