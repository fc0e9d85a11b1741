import type { AttributeValue, RootDescription } from '@followspot/core';

/** The methods that names may contain; any other is shown as `_OTHER`, as in OpenTelemetry's conventions. */
const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'QUERY',
]);

/** What a request was and how it was answered. */
export class RequestDescription implements RootDescription {
  readonly stageName: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  within: RootDescription['within'];
  readonly #method: string;
  readonly #route: string;
  readonly #statusCode: number | undefined;

  /** @param statusCode Undefined where nothing was answered. */
  constructor(
    handler: AttributeValue | undefined,
    method: string,
    route: string,
    statusCode: number | undefined,
  ) {
    this.#method = method;
    this.#route = route;
    this.#statusCode = statusCode;
    const shownMethod = METHODS.has(method) ? method : '_OTHER';
    this.stageName = `${shownMethod} ${route}`;
    this.attributes = Object.freeze({
      ...(handler !== undefined && { handler }),
      method: shownMethod,
      route,
      ...(statusCode !== undefined && { statusCode }),
    });
  }

  /** Whether it says what one of the same handler would say of this. */
  says(method: string, route: string, statusCode: number | undefined): boolean {
    return method === this.#method && route === this.#route && statusCode === this.#statusCode;
  }
}

/**
 * Describes the requests that a handler answers. Most of them are answered as the one before, and have its description:
 * a new name would have to be put together, hashed and looked up for each.
 */
export class HandlerDescriptions {
  readonly handler: string;
  #latest: RequestDescription | undefined;

  constructor(handler: string) {
    this.handler = handler;
  }

  of(method: string, route: string, statusCode: number | undefined): RequestDescription {
    if (this.#latest?.says(method, route, statusCode) !== true) {
      this.#latest = new RequestDescription(this.handler, method, route, statusCode);
    }
    return this.#latest;
  }
}
