// eslint-disable-next-line @nx/enforce-module-boundaries -- it stands for an application outside this repository
import type { Sink } from '@followspot/nestjs';

/** Tells when a request has ended. */
export class EndSink implements Sink {
  readonly name = 'end';
  readonly #waiting = new Map<string, () => void>();

  record(...[stage, trace]: Parameters<Sink['record']>): void {
    // The history has the trace one microtask later.
    if (stage.kind === 'request') queueMicrotask(this.#waiting.get(trace.traceId) ?? (() => undefined));
  }

  ended(traceId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(traceId, resolve));
  }
}
