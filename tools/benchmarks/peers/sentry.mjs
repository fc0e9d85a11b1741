// Sentry, set up as its documentation says. Apart from the other peers and in processes of its own: it brings
// OpenTelemetry along and puts its own context and provider where theirs would be.
import * as Sentry from '@sentry/nestjs';

/**
 * `@SentryTraced`, with every trace sampled; what ends is dropped instead of sent.
 * @param decorated Makes a service whose methods have a decorator.
 */
export function peerVariants(decorated) {
  const transport = () => ({ send: async () => ({}), flush: async () => true });
  Sentry.init({ dsn: 'https://key@127.0.0.1/1', tracesSampleRate: 1, transport });
  let ended = 0;
  let endedBefore = 0;
  Sentry.getClient().on('spanEnd', () => {
    ended += 1;
  });
  const name = '@SentryTraced, recorded';
  return [
    {
      name,
      service: decorated((key) => Sentry.SentryTraced(key)),
      records: true,
      within(batch) {
        endedBefore = ended;
        return Sentry.startSpan({ name: 'batch' }, batch);
      },
      recorded() {
        if (Sentry.getActiveSpan()?.isRecording() !== true) throw new Error(`${name}: nothing is recording`);
        return ended - endedBefore;
      },
      problems: () => [],
    },
  ];
}
