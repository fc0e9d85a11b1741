/** A message that is only a comment keeps the connection alive and tells the client nothing. */
export function isHeartbeat(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const fields = message as Readonly<Record<string, unknown>>;
  // First, because that is what nearly every message does not have.
  if (fields['comment'] === undefined) return false;
  return fields['data'] === undefined && fields['type'] === undefined && fields['retry'] === undefined;
}

/** What an event that could not be sent failed with. */
export function sendingErrorOf(message: unknown): unknown {
  return serialisationErrorOf(message) ?? new Error('an event could not be sent');
}

/** Nest unsubscribes from a stream whose event it cannot serialise, and tells nobody inside why. */
export function serialisationErrorOf(message: unknown): unknown {
  try {
    JSON.stringify((message as { data?: unknown } | null | undefined)?.data);
    return undefined;
  } catch (error) {
    return error;
  }
}
