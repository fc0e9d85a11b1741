import { causesOf } from '@followspot/core';

/** Codes of Node and undici for an operation that took too long. */
const CODES = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** `TimeoutError` of the platform and of RxJS, `GatewayTimeoutException` of Nest, `APIConnectionTimeoutError` of an SDK. */
const NAME = /Timeout(?:Error|Exception)$/;

/** Whether an error, or one that caused it, says that somebody waited too long and gave up. */
export function isTimeout(error: unknown): boolean {
  return causesOf(error).some(saysTimeout);
}

function saysTimeout(error: object): boolean {
  try {
    const { name, code, constructor } = error as {
      name?: unknown;
      code?: unknown;
      constructor?: { name?: unknown };
    };
    return [name, constructor?.name].some((word) => NAME.test(String(word))) || CODES.has(String(code));
  } catch {
    // A getter that throws, or a name that is no text.
    return false;
  }
}
