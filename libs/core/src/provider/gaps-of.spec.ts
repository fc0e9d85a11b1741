import { describe, expect, it } from '@jest/globals';
import type { Recorder } from '../recorder.js';
import type { Sink } from '../delivery/sink.js';
import { Tracking } from '../testing/tracking.js';
import { gapsOf } from './gaps-of.js';

const CALL = { provider: 'openai' };

/** What a sink can ask for while it is told of a stage: pairs of a gap and how often there was one like it. */
class GapSink implements Sink {
  readonly name = 'gaps';
  readonly scope = 'all';
  readonly #told = new Map<string, [gapMs: number, count: number][] | undefined>();
  #recorder: Pick<Recorder, 'deliver'> | undefined;

  receivesFrom(recorder: Pick<Recorder, 'deliver'>): void {
    this.#recorder = recorder;
  }

  get told(): Map<string, [gapMs: number, count: number][] | undefined> {
    this.#recorder?.deliver();
    return this.#told;
  }

  record(stage: Parameters<Sink['record']>[0]): void {
    const gaps = gapsOf(stage);
    const pairs: [number, number][] = [];
    gaps?.forEach((gapMs, count) => pairs.push([gapMs, count]));
    this.#told.set(stage.stageId, gaps && pairs);
  }
}

class Answers {
  readonly sink = new GapSink();
  readonly tracking = new Tracking({ sinks: [this.sink] });

  async answer(gaps: readonly number[], stageId = 'LLM'): Promise<void> {
    const { tracker } = this.tracking;
    for await (const _ of tracker.trackProvider({ ...CALL, stageId }, () => this.chunks(gaps)));
  }

  async *chunks(gaps: readonly number[]): AsyncGenerator {
    yield { choices: [{ delta: { content: 'a' } }] };
    for (const gapMs of gaps) {
      this.tracking.clock.advance(gapMs);
      yield { choices: [{ delta: { content: 'b' } }] };
    }
  }
}

describe('The gaps of an answer', () => {
  it('are there for a sink that is told of the end of its stage, and of no other', async () => {
    const answers = new Answers();
    await answers.tracking.run(async () => {
      await answers.answer([50, 50, 50]);
      answers.tracking.tracker.trackStage('AFTER', () => undefined);
    });
    expect([...answers.sink.told]).toEqual([
      ['LLM', [[50, 3]]],
      ['AFTER', undefined],
      ['ROOT', undefined],
    ]);
  });

  it('are there of a call that is a trace of its own', async () => {
    const answers = new Answers();
    const { tracker } = answers.tracking;
    for await (const _ of tracker.runTrace('LLM', () => answers.chunks([50, 50]), { provider: CALL }));
    expect(answers.sink.told.get('LLM')).toEqual([[50, 2]]);
  });

  it('are not there of an answer of one gap, and never those of another', async () => {
    const answers = new Answers();
    await answers.answer([20, 20, 20], 'A');
    await answers.answer([20], 'B');
    expect(answers.sink.told.get('B')).toBeUndefined();
  });

  it('are those of each answer where several stream at the same time', async () => {
    const answers = new Answers();
    await answers.tracking.run(() =>
      Promise.all([answers.answer([1_000, 1_000], 'A'), answers.answer([1_000, 1_000, 1_000], 'B')]),
    );
    const counts = ['A', 'B'].map((id) =>
      answers.sink.told.get(id)?.reduce((sum, [, count]) => sum + count, 0),
    );
    expect(counts).toEqual([2, 3]);
  });
});
