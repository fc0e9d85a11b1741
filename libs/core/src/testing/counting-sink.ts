import type { Recorder } from '../recorder.js';
import type { CountedStage, Sink, StageCounter } from '../delivery/sink.js';
import type { StageExecution } from '../stage/stage-execution.js';

/** A sink of scope `all` that can count, and remembers what it was told in either way. */
export class CountingSink implements Sink {
  readonly name = 'counting';
  readonly scope = 'all';
  readonly #counted: CountedStage[] = [];
  readonly #recorded: StageExecution[] = [];
  #recorder: Pick<Recorder, 'deliver'> | undefined;
  /** For which stage ids a counter was asked. */
  readonly asked: string[] = [];

  /** From now on it is asked to hand on what it has put off before anything is read here. */
  receivesFrom(recorder: Pick<Recorder, 'deliver'>): void {
    this.#recorder = recorder;
  }

  get counted(): CountedStage[] {
    this.#recorder?.deliver();
    return this.#counted;
  }

  get recorded(): StageExecution[] {
    this.#recorder?.deliver();
    return this.#recorded;
  }

  counterOf(stageId: string): StageCounter {
    this.asked.push(stageId);
    return (stage) => {
      this.#counted.push({ ...stage });
    };
  }

  record(stage: StageExecution): void {
    this.#recorded.push(stage);
  }

  /** `A ok`, in the order in which they ended. */
  get countedWords(): string[] {
    return this.counted.map(wordsOf);
  }

  get recordedWords(): string[] {
    return this.recorded.map(wordsOf);
  }
}

function wordsOf({ stageId, outcome }: Pick<StageExecution, 'stageId' | 'outcome'>): string {
  return `${stageId} ${outcome}`;
}
