/** Of each stream whose events are counted. */
export const EVENTS = 20;
/** Before an open stream falls silent and only heartbeats follow. */
export const EVENTS_WHEN_OPEN = 3;
export const HEARTBEAT = 'heartbeat';
/** Five times as often as the target says, so that there are enough to be measured. */
export const HEARTBEAT_MS = 200;
/** What an event carries: a word of an answer. */
export const WORD = 'followspot ';

/** The body of a stream as Nest writes it; what arrives is compared with it, byte by byte. */
export function expectedBody(events: number): string {
  let body = '\n';
  for (let id = 1; id <= events; id += 1) body += `id: ${id}\ndata: ${JSON.stringify({ text: WORD })}\n\n`;
  return body;
}
