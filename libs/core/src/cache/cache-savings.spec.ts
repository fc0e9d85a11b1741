import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDrops } from '../drop-counts.js';
import { stageDefinition } from '../stage/stage-definition.js';
import type { Attributes } from '../stage/stage-execution.js';
import { Tracking } from '../testing/tracking.js';
import type { Trace } from '../trace/trace.js';

/** A service with caches in front of work and a provider; time passes only where it says so. */
class CachedService extends Tracking {
  lookUp(hit: boolean, cache = 'l1', takesMs = 0): void {
    this.tracker.trackStage('LOOKUP', () => this.clock.advance(takesMs), {
      kind: 'cache',
      attributes: () => ({ cache, hit }),
    });
  }

  work(milliseconds: number): void {
    this.clock.advance(milliseconds);
  }

  call(milliseconds: number, attributes: Attributes = {}): void {
    this.tracker.trackStage('CALL', () => this.clock.advance(milliseconds), {
      kind: 'provider',
      attributes: () => attributes,
    });
  }

  miss(milliseconds: number, attributes?: Attributes, cache = 'l1'): void {
    this.run(() => {
      this.lookUp(false, cache);
      if (attributes === undefined) this.work(milliseconds);
      else this.call(milliseconds, attributes);
    });
  }

  /** What the only look-up says that is done now, and is a hit. */
  hit(cache = 'l1', afterwards = (): void => undefined): Attributes {
    this.run(() => {
      this.lookUp(true, cache);
      afterwards();
    });
    const { cache: _, hit: __, ...saved } = this.stage('LOOKUP').attributes;
    return saved;
  }
}

const euros = (tokenCost: number): Attributes => ({ tokenCost, costCurrency: 'EUR' });

describe('A hit', () => {
  it('does not say what it has saved as long as nobody knows what a miss costs', () => {
    expect(new CachedService().hit()).toEqual({});
  });

  it('has saved the time and the money that follow a miss on average', () => {
    const service = new CachedService();
    service.miss(100, euros(0.1));
    service.miss(300, euros(0.2));
    expect(service.hit()).toEqual({ timeSavedMs: 200, costSaved: 0.15, costCurrency: 'EUR' });
  });

  it('of one cache knows nothing of another', () => {
    const service = new CachedService();
    service.miss(100, euros(1), 'l1');
    expect(service.hit('l2')).toEqual({});
  });

  it('has saved the mean of the misses, whatever they cost', () => {
    const misses = fc.array(fc.record({ ms: fc.nat(10_000), micros: fc.nat(1_000_000) }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(misses, (all) => {
        const service = new CachedService();
        for (const { ms, micros } of all) service.miss(ms, euros(micros / 1e6));
        const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / all.length;
        const { timeSavedMs, costSaved } = service.hit();
        expect(timeSavedMs).toBeCloseTo(mean(all.map(({ ms }) => ms)), 2);
        expect(costSaved).toBeCloseTo(mean(all.map(({ micros }) => micros)) / 1e6, 9);
      }),
    );
  });

  it('has not saved what follows it all the same', () => {
    const service = new CachedService();
    // A cache of documents: the model is asked whether it hits or not.
    const ask = (): void => service.call(400, euros(0.5));
    service.run(() => {
      service.lookUp(false);
      service.call(100, euros(0.01));
      ask();
    });
    // Of the first hit nobody knows yet.
    expect(service.hit('l1', ask)).toMatchObject({ timeSavedMs: 500, costSaved: 0.51 });
    expect(service.hit('l1', ask)).toEqual({ timeSavedMs: 100, costSaved: 0.01, costCurrency: 'EUR' });
  });

  it('has never saved less than nothing', () => {
    const service = new CachedService();
    service.miss(10, euros(0.1));
    service.hit('l1', () => service.call(1_000, euros(5)));
    expect(service.hit()).toEqual({ timeSavedMs: 0, costSaved: 0, costCurrency: 'EUR' });
  });

  it('keeps a cost of 0 that was said, and has none where none was', () => {
    const service = new CachedService();
    service.miss(10, { tokenCost: 0, apiCost: 0 }, 'free');
    expect(service.hit('free')).toEqual({ timeSavedMs: 10, costSaved: 0 });
    service.miss(10, {}, 'unpriced');
    expect(service.hit('unpriced')).toEqual({ timeSavedMs: 10 });
    service.miss(10, undefined, 'no provider');
    expect(service.hit('no provider')).toEqual({ timeSavedMs: 10 });
  });

  it('does not say what was saved where the cost after hits is not known', () => {
    const service = new CachedService();
    service.miss(10, euros(0.1));
    service.hit('l1', () => service.call(5));
    expect(service.hit()).toEqual({ timeSavedMs: 5 });
  });

  it('says what the application knows better', () => {
    const service = new CachedService();
    service.miss(100, euros(1));
    const attributes = { cache: 'l1', hit: true, timeSavedMs: 7, costSaved: 0.5 };
    service.run(() => {
      service.tracker.trackStage('LOOKUP', () => true, { kind: 'cache', attributes: () => attributes });
    });
    expect(service.stage('LOOKUP').attributes).toEqual(attributes);
  });

  it('that is declared by hand, and says so late, counts like any other', () => {
    const service = new CachedService();
    const lookUp = (hit: boolean): void => {
      service.run(() => {
        service.tracker.trackStage('LOOKUP', () => service.tracker.setAttribute('hit', hit), {
          kind: 'cache',
        });
        service.work(7);
      });
    };
    lookUp(false);
    lookUp(true);
    expect(service.stage('LOOKUP').attributes).toEqual({ hit: true, timeSavedMs: 7 });
  });
});

describe('What a miss costs', () => {
  it('is only what comes after the look-up', () => {
    const service = new CachedService();
    service.run(() => {
      service.call(40, euros(3));
      service.lookUp(false, 'l1', 5);
      service.call(60, euros(0.1));
    });
    expect(service.hit()).toMatchObject({ timeSavedMs: 60, costSaved: 0.1 });
  });

  it('is little when the next level hits', () => {
    const service = new CachedService();
    service.run(() => {
      service.lookUp(false, 'l1');
      service.lookUp(false, 'l2', 2);
      service.call(98, euros(0.4));
    });
    service.run(() => {
      service.lookUp(false, 'l1');
      service.lookUp(true, 'l2', 2);
    });
    expect(service.all.stages.at(-2)?.attributes).toMatchObject({
      cache: 'l2',
      timeSavedMs: 98,
      costSaved: 0.4,
    });
    expect(service.hit('l1')).toEqual({ timeSavedMs: 51, costSaved: 0.2, costCurrency: 'EUR' });
  });

  it('is shared out among the look-ups of one cache in one trace, and never more than the whole', () => {
    const service = new CachedService();
    service.run(() => {
      for (const ms of [10, 20, 60]) {
        service.lookUp(false);
        service.call(ms, euros(ms / 100));
      }
    });
    expect(service.hit()).toEqual({ timeSavedMs: 30, costSaved: 0.3, costCurrency: 'EUR' });
  });

  it.each<[string, (trace: Trace, now: number) => void]>([
    ['failed', (trace) => trace.root?.fail(new Error('broken'))],
    ['was cancelled', (trace) => trace.root?.cancel()],
    [
      'nobody waited for',
      (trace, now) => {
        trace.abort(now);
        trace.end('ok');
      },
    ],
  ])('is not learnt from a trace that %s', (_, end) => {
    const service = new CachedService();
    const trace = service.recorder.openTrace(stageDefinition('ROOT'));
    trace.root?.run(() => service.lookUp(false));
    service.work(10);
    end(trace, service.clock.now());
    expect(service.hit()).toEqual({});
  });

  it('is not learnt from a look-up that failed, which neither hits nor misses', () => {
    const service = new CachedService();
    service.run(() => {
      const failing = (): never => {
        service.tracker.setAttribute('hit', false);
        throw new Error('away');
      };
      expect(() => service.tracker.trackStage('LOOKUP', failing, { kind: 'cache' })).toThrow('away');
      service.work(10);
    });
    expect(service.hit('unknown')).toEqual({});
  });

  it('is not learnt from a look-up that is a trace of its own', () => {
    const service = new CachedService();
    const options = { kind: 'cache', attributes: () => ({ cache: 'l1', hit: false }) } as const;
    service.tracker.runTrace('LOOKUP', () => service.work(10), options);
    expect(service.hit()).toEqual({});
  });

  it('is learnt from traces that are not kept', () => {
    const service = new CachedService({ sampleRate: 0 });
    service.miss(100, euros(0.1));
    service.run(() => service.lookUp(true));
    expect(service.kept.stages).toEqual([]);
    expect(service.all.stages.find(({ attributes }) => attributes['hit'] === true)?.attributes).toMatchObject(
      { timeSavedMs: 100, costSaved: 0.1 },
    );
  });

  it('is no money where stages were dropped: one of them may have been a call', () => {
    const service = new CachedService({ limits: { stagesPerTrace: 2 } });
    service.miss(10, euros(0.1));
    expect(service.summary.droppedStages).toBe(1);
    expect(service.hit()).toEqual({ timeSavedMs: 10 });
  });

  it.each<Attributes>([
    { tokenCost: -1 },
    { tokenCost: 1e300 },
    { tokenCost: '1' },
    { tokenCost: 1, apiCost: -1 },
  ])('is no money where a call says %j', (attributes) => {
    const service = new CachedService();
    service.miss(10, attributes);
    expect(service.hit()).toEqual({ timeSavedMs: 10 });
  });

  it('is what calls cost for tokens and as such', () => {
    const service = new CachedService();
    service.miss(10, { apiCost: 0.25 });
    service.miss(10, { tokenCost: 0.5, apiCost: 0.25 });
    expect(service.hit()).toEqual({ timeSavedMs: 10, costSaved: 0.5 });
  });

  it('starts anew with another currency, and is not known in two at once', () => {
    const service = new CachedService();
    service.miss(10, euros(0.9));
    service.miss(10, { tokenCost: 3, costCurrency: 'USD' });
    expect(service.hit()).toMatchObject({ costSaved: 3, costCurrency: 'USD' });
    service.run(() => {
      service.lookUp(false, 'both');
      service.call(1, euros(1));
      service.call(1, { apiCost: 1, costCurrency: 'USD' });
    });
    expect(service.hit('both')).toEqual({ timeSavedMs: 2 });
  });
});

describe('cacheNames', () => {
  it('bounds the caches of which it is known what they save; further look-ups are counted', () => {
    const service = new CachedService({ limits: { cacheNames: 1 } });
    service.miss(10, undefined, 'a');
    service.miss(10, undefined, 'b');
    expect(service.hit('b')).toEqual({});
    expect(service.hit('a')).toEqual({ timeSavedMs: 10 });
    expect(service.tracker.getDropCounts()).toEqual({ ...noDrops(), cacheNames: 2 });
  });
});
