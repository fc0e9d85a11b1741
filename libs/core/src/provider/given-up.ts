import type { StageExecution } from '../stage/stage-execution.js';

/** Class names of errors of who stopped waiting: `AbortError`, `TimeoutError`, `APIConnectionTimeoutError`. */
const GIVEN_UP = /abort|timeout/i;

/** Of who waited for a connection in vain, so that nothing was sent. */
const NOT_CONNECTED = /^ConnectTimeout/;

/**
 * Whether the error of a stage says that its call was given up while it was waited for, and not that it could not be
 * made or was turned down: a status is an answer.
 */
export function wasGivenUp({ errorType, errorStatus, errorCauses = [] }: Partial<StageExecution>): boolean {
  if (errorType === undefined || errorStatus !== undefined) return false;
  const types = [errorType, ...errorCauses.map((cause) => cause.split(':', 1)[0] ?? '')];
  return types.some((type) => GIVEN_UP.test(type)) && !types.some((type) => NOT_CONNECTED.test(type));
}
