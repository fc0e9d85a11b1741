import type { MessageEvent } from '@nestjs/common';

/** On the message, where copies of it keep it and nothing that is sent has it. */
const FAILURE = Symbol('Followspot failure');

/**
 * The last message of a stream that has failed, for a client that is to be told in a message of your own: emit it and
 * complete. The stage of the stream then ends as it would if the stream had failed with `error` (`upstream_error`,
 * `timeout`, `server_error`), unless further messages follow. Nest's own `event: error` is not sent.
 *
 * `catchError((error) => of(failureEvent(error, { type: 'error', data: { message: 'Try again.' } })))`
 *
 * @param error What the stream failed with; its cause is looked at, too.
 * @param message What the client gets. Operators that come after may copy it (`{ ...message }`).
 */
export function failureEvent(error: unknown, message: MessageEvent): MessageEvent {
  return { ...message, [FAILURE]: { error } } as MessageEvent;
}

/** What a message says that its stream has failed with, which may be undefined; undefined where it does not. */
export function failureOf(message: unknown): { readonly error: unknown } | undefined {
  return (message as { readonly [FAILURE]?: { readonly error: unknown } } | null | undefined)?.[FAILURE];
}
