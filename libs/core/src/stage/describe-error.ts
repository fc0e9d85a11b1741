import { redactWithin } from './redact-within.js';

/** What is kept of an error: a few strings, so that neither its stack nor what it refers to stays in memory. */
export interface ErrorDescription {
  /** Its class name. */
  readonly type: string;
  /** Its message; its `code` where it has none, as the error of a connection tried on several addresses. */
  readonly message: string;
  /** The HTTP status that it carries as `status` or `statusCode`; undefined when there is none. */
  readonly status: number | undefined;
  /** What caused it, nearest first, each as `Type: message`; at most {@link MOST_CAUSES}. */
  readonly causes: readonly string[];
}

/** How many causes are kept; a chain of them may be a circle. */
const MOST_CAUSES = 5;

/** Weak, because an error may hold a whole response. */
const redactions = new WeakMap<object, (text: string) => string>();

/**
 * Has the messages of an error redacted wherever it is described from now on: on the stages that it passes through, in
 * lines about it, and with an error that names it as its cause, whose message often quotes it.
 */
export function redactDescriptionsOf(error: object, redact: (text: string) => string): void {
  redactions.set(error, redact);
}

/**
 * Describes whatever was thrown (undefined, a string, an object whose getters throw) and never throws itself.
 * @param maxLength Characters kept of the type, of the message and of each cause.
 */
export function describeError(error: unknown, maxLength: number): ErrorDescription {
  const { type, message } = summarise(error);
  const causes = causesBelow(error);
  const redact = redactionOf([error, ...causes]);
  const told = (text: string): string =>
    redact === undefined
      ? text.slice(0, maxLength)
      : (attempt(() => redactWithin(text, maxLength, redact)) ?? '');
  return {
    type: type.slice(0, maxLength),
    message: told(message),
    status: attempt(() => statusOf(error)),
    causes: causes.map((cause) => told(line(cause))),
  };
}

function redactionOf(errors: readonly unknown[]): ((text: string) => string) | undefined {
  for (const error of errors) {
    const redact = redactions.get(error as object);
    if (redact !== undefined) return redact;
  }
  return undefined;
}

function summarise(error: unknown): { readonly type: string; readonly message: string } {
  return { type: attempt(() => typeOf(error)) ?? 'Unknown', message: attempt(() => messageOf(error)) ?? '' };
}

function line(error: unknown): string {
  const { type, message } = summarise(error);
  return message === '' ? type : `${type}: ${message}`;
}

/** Nearest first; an error of several (`AggregateError`) was caused by each of them. */
function causesBelow(error: unknown): unknown[] {
  const chain = [error];
  for (const next of chain) {
    for (const cause of directCauses(next)) if (!chain.includes(cause)) chain.push(cause);
    if (chain.length > MOST_CAUSES) break;
  }
  return chain.slice(1, MOST_CAUSES + 1);
}

function directCauses(error: unknown): unknown[] {
  if (typeof error !== 'object' || error === null) return [];
  const cause = attempt(() => (error as { cause?: unknown }).cause);
  const errors = attempt(() => {
    const several = (error as { errors?: unknown }).errors;
    return Array.isArray(several) ? (several as unknown[]).slice(0, MOST_CAUSES) : [];
  });
  return [...(cause === undefined || cause === null ? [] : [cause]), ...(errors ?? [])];
}

function typeOf(error: unknown): string {
  if (error === null || typeof error !== 'object') return error === null ? 'null' : typeof error;
  const name: unknown = (error as { name?: unknown }).name;
  const className = (error as { constructor?: { name?: unknown } }).constructor?.name;
  // A subclass that forgot to set `name` says `Error`; its class name says more. An AbortError is the other way round.
  if (typeof className === 'string' && className !== '' && (name === 'Error' || typeof name !== 'string')) {
    return className;
  }
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function messageOf(error: unknown): string {
  if (error === null || typeof error !== 'object') return String(error);
  const { message, code } = error as { message?: unknown; code?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return typeof code === 'string' ? code : '';
}

function statusOf(error: unknown): number | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  return [status, statusCode].find(
    (value): value is number => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599,
  );
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
