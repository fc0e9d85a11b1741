/** What is kept of an error: two strings, so that neither its stack nor what it refers to stays in memory. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
}

/**
 * Describes whatever was thrown (undefined, a string, an object whose getters throw) and never throws itself.
 * @param maxLength Characters kept of the type and of the message.
 */
export function describeError(error: unknown, maxLength: number): ErrorDescription {
  const type = attempt(() => typeOf(error)) ?? 'Unknown';
  const message = attempt(() => messageOf(error)) ?? '';
  return { type: type.slice(0, maxLength), message: message.slice(0, maxLength) };
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
  const message: unknown = (error as { message?: unknown }).message;
  return typeof message === 'string' ? message : '';
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
