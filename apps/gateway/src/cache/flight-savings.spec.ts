import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionTracker, ObservabilityModule, type StageExecution } from '@followspot/nestjs';
import { Registry } from 'prom-client';
import { defer, EMPTY, type Observable, retry, Subject, type Subscription, throwError } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { LeaderLeft } from './flight-errors.js';
import { Flights } from './flights.service.js';

/** What each piece of work costs. */
const COST = 0.000_075_8;

/** Searches without any cache but the answers that are being worked out, where metrics and traces are read. */
class Searches {
  readonly #registry = new Registry();
  #app!: INestApplicationContext;
  #tracker!: ExecutionTracker;
  #flights!: Flights<string>;

  async start(): Promise<void> {
    class TestModule {}
    const metrics = { registry: this.#registry };
    Module({ imports: [ObservabilityModule.forRoot({ sampleRate: 1, metrics })] })(TestModule);
    this.#app = await NestFactory.createApplicationContext(TestModule, { logger: false });
    this.#tracker = this.#app.get(ExecutionTracker);
    this.#flights = new Flights(new GatewayConfig({}), this.#tracker);
  }

  stop(): Promise<void> {
    return this.#app.close();
  }

  /** Joins, or works; also where the work for somebody else ends because that one leaves. */
  search(threadId: string, words: Observable<string>): Subscription {
    const answered = defer(() => this.#joined() ?? this.#worked(words)).pipe(
      retry({
        delay: (error: unknown) => (error instanceof LeaderLeft ? [0] : throwError(() => error)),
      }),
    );
    return this.#tracker
      .runTrace('SEARCH', () => answered, { threadId })
      .subscribe({ error: () => undefined });
  }

  stages(threadId: string): readonly StageExecution[] {
    return this.#tracker.getExecutionSummary(threadId)?.stages[0]?.substages ?? [];
  }

  /** Of the cache `flight`. */
  async metric(name: string): Promise<number> {
    const lines = (await this.#registry.metrics()).split('\n');
    const line = lines.find((each) => each.startsWith(`${name}{cache="flight"`));
    return Number(line?.slice(line.lastIndexOf(' ')) ?? 0);
  }

  #joined(): Observable<string> | undefined {
    const flight = this.#flights.lookup('q');
    return flight && this.#flights.follow(flight);
  }

  #worked(words: Observable<string>): Observable<string> {
    const call = defer(() => {
      this.#tracker.setAttribute('tokenCost', COST);
      return words;
    });
    const work = defer(() => this.#tracker.trackStage('CALL', () => call, { kind: 'provider' }));
    return this.#flights.lead('q', work);
  }
}

describe('A shared answer', () => {
  let searches: Searches;
  let work: Subject<string>;

  beforeEach(async () => {
    searches = new Searches();
    await searches.start();
    // Now it is known what a miss costs.
    searches.search('before', EMPTY);
    work = new Subject();
  });
  afterEach(() => searches.stop());

  it('has saved the money, and the time that the leader was ahead, of each who got it to its end', async () => {
    searches.search('leader', work);
    searches.search('follower', work);
    work.next('a');
    searches.search('late', work);
    work.complete();
    const hits = ['follower', 'late'].map((id) => searches.stages(id).at(-1)!);
    for (const { stageId, outcome, attributes } of hits) {
      expect({ stageId, outcome }).toEqual({ stageId: '2.4_SHARED_ANSWER', outcome: 'ok' });
      expect(attributes).toMatchObject({ cache: 'flight', hit: true, costSaved: COST });
    }
    const savedMs = hits.map(({ attributes }) => Number(attributes['timeSavedMs']));
    expect(savedMs[1]).toBeGreaterThanOrEqual(savedMs[0]!);
    expect(await searches.metric('cache_hits_total')).toBe(2);
    expect(await searches.metric('cache_misses_total')).toBe(2);
    expect(await searches.metric('cache_cost_saved_total')).toBe(2 * COST);
    expect(await searches.metric('cache_time_saved_seconds_total')).toBeCloseTo(
      savedMs.reduce((sum, each) => sum + each) / 1_000,
      9,
    );
  });

  it('has saved nothing for who takes over when the leader leaves, and pays', async () => {
    const leader = searches.search('leader', work);
    searches.search('heir', work);
    leader.unsubscribe();
    work.complete();
    const stages = searches.stages('heir');
    expect(stages.map(({ stageId, outcome }) => [stageId, outcome])).toEqual([
      ['2.3_FLIGHT_LOOKUP', 'ok'],
      ['2.4_SHARED_ANSWER', 'cancelled'],
      ['2.3_FLIGHT_LOOKUP', 'ok'],
      ['CALL', 'ok'],
    ]);
    expect(stages.map(({ attributes }) => attributes['hit'])).toEqual([
      undefined,
      undefined,
      false,
      undefined,
    ]);
    await expectNothingSaved();
  });

  it('has saved nothing for who gets its failure', async () => {
    searches.search('leader', work);
    searches.search('follower', work);
    work.error(new Error('429'));
    const stage = searches.stages('follower').at(-1);
    expect(stage).toMatchObject({ stageId: '2.4_SHARED_ANSWER', outcome: 'error' });
    expect(stage?.attributes).not.toHaveProperty('hit');
    await expectNothingSaved();
  });

  it('has saved nothing for who leaves before its end', async () => {
    searches.search('leader', work);
    searches.search('follower', work).unsubscribe();
    work.complete();
    expect(searches.stages('follower').at(-1)).toMatchObject({ outcome: 'cancelled' });
    await expectNothingSaved();
  });

  async function expectNothingSaved(): Promise<void> {
    expect(await searches.metric('cache_hits_total')).toBe(0);
    expect(await searches.metric('cache_cost_saved_total')).toBe(0);
    expect(await searches.metric('cache_time_saved_seconds_total')).toBe(0);
  }
});
