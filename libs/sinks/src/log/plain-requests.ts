import { types } from 'node:util';
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
  readonly attributes: { readonly handler: string } | undefined;
}

/** What is said of each request that is answered in the same way. */
type Answer = Pick<PlainRequestFields, 'stage' | 'method' | 'route' | 'statusCode' | 'keptBecause'> & {
  /** Empty where none is known. */
  readonly handler: string;
  readonly message: string;
};

const FIELDS = [
  ...['event', 'traceId', 'stage', 'method', 'route'],
  ...['statusCode', 'latencyMs', 'keptBecause', 'outcome', 'handler'],
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
      traceId !== undefined &&
      threadId === traceId &&
      Number.isFinite(latencyMs) &&
      this.#ids.isPlain(traceId);
    const named = isPlain ? handlerOf(attributes) : undefined;
    const answer = named === undefined ? undefined : this.#answerOf(request, named);
    if (answer === undefined || traceId === undefined) return undefined;
    const { stage, method, route, statusCode, keptBecause, handler, message } = answer;
    const fields: PlainRequestFields = {
      event: 'request',
      traceId,
      stage,
      method,
      route,
      statusCode,
      latencyMs,
      keptBecause,
      outcome: 'ok',
      attributes: handler === '' ? undefined : { handler },
    };
    return { fields, message };
  }

  #answerOf(request: RequestMetrics, handler: string): Answer | undefined {
    const { stage, method, route, statusCode, keptBecause } = request;
    const answer = this.#answers.get(method)?.get(route);
    if (answer === undefined) return this.#learn(request, handler);
    const isSame =
      answer.statusCode === statusCode &&
      answer.handler === handler &&
      answer.keptBecause === keptBecause &&
      answer.stage === stage;
    return isSame ? answer : undefined;
  }

  #learn(
    { stage, method, route, statusCode, keptBecause }: RequestMetrics,
    handler: string,
  ): Answer | undefined {
    if (typeof statusCode !== 'number' || !(statusCode < 500) || keptBecause === undefined) return undefined;
    const message = `${method} ${route} ${statusCode}`;
    if (!isPlainText(stage) || ![method, route, keptBecause, handler, message].every(isPlainText))
      return undefined;
    const answer: Answer = {
      stage: copied(stage),
      method: copied(method),
      route: copied(route),
      statusCode,
      keptBecause,
      handler: copied(handler),
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

/** The handler, where that is all that the attributes say, empty where they say nothing; undefined where it is not. */
function handlerOf(attributes: object | undefined): string | undefined {
  if (attributes === undefined) return '';
  if (types.isProxy(attributes) || Object.getPrototypeOf(attributes) !== Object.prototype) return undefined;
  const [name, further] = Object.keys(attributes);
  if (name !== 'handler' || further !== undefined) return undefined;
  const handler: unknown = Object.getOwnPropertyDescriptor(attributes, name)?.value;
  return typeof handler === 'string' && handler !== '' ? handler : undefined;
}
