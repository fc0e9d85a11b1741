import type { KeptBecause } from '@followspot/core';
import { copied } from './harmless-text.js';
import type { RequestMetrics } from './log-events.js';
import type { LoggableOptions } from './loggable.js';
import { isPlainText, mayBePlain, type PlainIds } from './plain-texts.js';

/** The fields of the line of a request of which nothing else is to be said. */
interface PlainRequestFields {
  readonly event: 'request';
  readonly traceId: string;
  readonly stage: string;
  readonly method: string;
  readonly route: string;
  readonly statusCode: number;
  readonly latencyMs: number;
  readonly keptBecause: KeptBecause;
  readonly outcome: 'ok';
}

/** What is said of each request that is answered in the same way. */
type Answer = Pick<PlainRequestFields, 'stage' | 'method' | 'route' | 'statusCode' | 'keptBecause'> & {
  readonly message: string;
};

const FIELDS = [
  ...['event', 'traceId', 'stage', 'method', 'route'],
  ...['statusCode', 'latencyMs', 'keptBecause', 'outcome'],
];
/** Beyond this many they are forgotten and looked at again. */
const MOST = 1_000;

/** Most requests of a route are answered as the first one was: what was looked through then need not be again. */
export class PlainRequests {
  readonly #mayBe: boolean;
  readonly #ids: PlainIds;
  /** By method, and for each by route. */
  readonly #answers = new Map<string, Map<string, Answer>>();
  #count = 0;

  constructor(options: LoggableOptions, ids: PlainIds) {
    this.#mayBe = mayBePlain(FIELDS, options);
    this.#ids = ids;
  }

  /** The fields of its line and what it says; undefined where something has to be looked at. */
  lineOf(
    request: RequestMetrics,
  ): { readonly fields: PlainRequestFields; readonly message: string } | undefined {
    const { traceId, threadId, latencyMs, outcome, errorType, attributes } = request;
    const isPlain =
      this.#mayBe &&
      outcome === 'ok' &&
      errorType === undefined &&
      attributes === undefined &&
      traceId !== undefined &&
      threadId === traceId &&
      Number.isFinite(latencyMs) &&
      this.#ids.isPlain(traceId);
    const answer = isPlain ? this.#answerOf(request) : undefined;
    if (answer === undefined || traceId === undefined) return undefined;
    const { stage, method, route, statusCode, keptBecause, message } = answer;
    return {
      fields: {
        event: 'request',
        traceId,
        stage,
        method,
        route,
        statusCode,
        latencyMs,
        keptBecause,
        outcome: 'ok',
      },
      message,
    };
  }

  #answerOf(request: RequestMetrics): Answer | undefined {
    const { stage, method, route, statusCode, keptBecause } = request;
    const answer = this.#answers.get(method)?.get(route);
    if (answer === undefined) return this.#learn(request);
    const isSame =
      answer.statusCode === statusCode && answer.keptBecause === keptBecause && answer.stage === stage;
    return isSame ? answer : undefined;
  }

  #learn({ stage, method, route, statusCode, keptBecause }: RequestMetrics): Answer | undefined {
    if (typeof statusCode !== 'number' || !(statusCode < 500) || keptBecause === undefined) return undefined;
    const message = `${method} ${route} ${statusCode}`;
    if (!isPlainText(stage) || ![method, route, keptBecause, message].every(isPlainText)) return undefined;
    const answer: Answer = {
      stage: copied(stage),
      method: copied(method),
      route: copied(route),
      statusCode,
      keptBecause,
      message: copied(message),
    };
    if (this.#count >= MOST) this.#forget();
    this.#count += 1;
    const ofMethod = this.#answers.get(method) ?? new Map<string, Answer>();
    this.#answers.set(answer.method, ofMethod.set(answer.route, answer));
    return answer;
  }

  #forget(): void {
    this.#answers.clear();
    this.#count = 0;
  }
}
