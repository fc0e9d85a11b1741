import type { Recorder, Sink, StageExecution, TraceIdentity } from '@followspot/core';

/** Remembers every stage and hands out the root of a trace when it has ended, so that no test has to sleep. */
export class CollectingSink implements Sink {
  readonly name = 'collecting';
  readonly scope: 'kept' | 'all';
  readonly #stages: { stage: StageExecution; trace: TraceIdentity }[] = [];
  #recorder: Pick<Recorder, 'deliver'> | undefined;
  readonly #waiting = new Map<string, (stage: StageExecution) => void>();

  constructor(scope: 'kept' | 'all' = 'all') {
    this.scope = scope;
  }

  /** From now on it is asked to hand on what it has put off before anything is read here. */
  receivesFrom(recorder: Pick<Recorder, 'deliver'>): void {
    this.#recorder = recorder;
  }

  get stages(): { stage: StageExecution; trace: TraceIdentity }[] {
    this.#recorder?.deliver();
    return this.#stages;
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    this.#stages.push({ stage, trace });
    if (stage.kind === 'request') this.#waiting.get(trace.traceId)?.(stage);
  }

  /** The request stages recorded so far, of one trace id or of all. */
  roots(traceId?: string): StageExecution[] {
    return this.stages
      .filter(({ stage, trace }) => stage.kind === 'request' && (traceId ?? trace.traceId) === trace.traceId)
      .map(({ stage }) => stage);
  }

  /** The request stage of a trace, as soon as it has ended. */
  async root(traceId: string): Promise<StageExecution> {
    const [known] = this.roots(traceId);
    return known ?? (await new Promise((resolve) => this.#waiting.set(traceId, resolve)));
  }

  /** The stream stage of a trace, as soon as its request has ended. */
  async stream(traceId: string): Promise<StageExecution> {
    const root = await this.root(traceId);
    const [stream, ...others] = root.substages.filter((stage) => stage.kind === 'stream');
    if (stream === undefined || others.length > 0)
      throw new Error(`${String(others.length)} stream stages too many`);
    return stream;
  }
}
