import { describe, expect, it } from '@jest/globals';
import { NO_ATTRIBUTES, withAttribute } from './attributes.js';
import { noDrops } from '../drop-counts.js';
import { limitsOf } from '../limits.js';
import type { AttributeValue } from './stage-execution.js';
import { stageDefinition } from './stage-definition.js';
import { Tracking } from '../testing/tracking.js';

/** Sets all entries on an empty bag and says what is in it and how much was counted. */
function bagOf(
  entries: readonly (readonly [unknown, unknown])[],
  limits = {},
): { bag: object; dropped: number } {
  const drops = noDrops();
  const bag = entries.reduce(
    (attributes, [key, value]) =>
      withAttribute(attributes, key as string, value as AttributeValue, limitsOf(limits), drops),
    NO_ATTRIBUTES,
  );
  return { bag, dropped: drops.attributes };
}

describe('attributes', () => {
  it('may be strings, booleans and finite numbers', () => {
    const entries: [string, AttributeValue][] = [
      ['s', ''],
      ['b', false],
      ['n', 0],
      ['m', -1.5],
    ];
    expect(bagOf(entries)).toEqual({ bag: Object.fromEntries(entries), dropped: 0 });
  });

  it.each([NaN, Infinity, -Infinity, undefined, null, {}, [], 1n, Symbol('s'), () => 1, new Date(0)])(
    'are dropped and counted with the value %p',
    (value) => {
      expect(bagOf([['key', value]])).toEqual({ bag: {}, dropped: 1 });
    },
  );

  it.each(['', '__proto__', Symbol('s'), 1, undefined, null])(
    'are dropped and counted with the key %p',
    (key) => {
      expect(bagOf([[key, 1]])).toEqual({ bag: {}, dropped: 1 });
    },
  );

  it('have keys of their own even where every object inherits one', () => {
    const { bag, dropped } = bagOf(
      [
        ['constructor', 1],
        ['hasOwnProperty', 2],
        ['toString', 3],
      ],
      { attributesPerStage: 3 },
    );
    expect(Object.entries(bag)).toEqual([
      ['constructor', 1],
      ['hasOwnProperty', 2],
      ['toString', 3],
    ]);
    expect(dropped).toBe(0);
  });

  it('replace each other under the same key, also when the bag is full', () => {
    expect(
      bagOf(
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
        ],
        { attributesPerStage: 2 },
      ),
    ).toEqual({ bag: { a: 3, b: 2 }, dropped: 0 });
  });

  it('are at most attributesPerStage; further ones are counted', () => {
    const entries = Array.from({ length: 5 }, (_, index) => [`k${index}`, index] as const);
    expect(bagOf(entries, { attributesPerStage: 2 })).toEqual({ bag: { k0: 0, k1: 1 }, dropped: 3 });
  });

  it('are cut, key and value, to attributeLength and counted for it', () => {
    expect(bagOf([['abcdef', 'uvwxyz']], { attributeLength: 4 })).toEqual({
      bag: { abcd: 'uvwx' },
      dropped: 2,
    });
    expect(bagOf([['abcd', 'uvwx']], { attributeLength: 4 })).toEqual({ bag: { abcd: 'uvwx' }, dropped: 0 });
  });

  it('of one stage never show on another, and the empty bag stays empty', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => {
        tracking.tracker.setAttribute('who', 'a');
      });
      tracking.tracker.trackStage('B', () => undefined);
    });
    expect([tracking.stage('A').attributes, tracking.stage('B').attributes]).toEqual([{ who: 'a' }, {}]);
    expect(NO_ATTRIBUTES).toEqual({});
  });

  it('are read off the value that a stage came to, after its promise', async () => {
    const tracking = new Tracking();
    await tracking.run(() =>
      tracking.tracker.trackStage('A', async () => ({ rows: 3 }), {
        attributes: ({ rows }) => ({ rows, many: rows > 2 }),
      }),
    );
    expect(tracking.stage('A').attributes).toEqual({ rows: 3, many: true });
  });

  it('cannot be set once the stage has ended', () => {
    const tracking = new Tracking();
    const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
    root?.setAttribute('early', true);
    root?.succeed();
    root?.setAttribute('late', true);
    expect(tracking.root.attributes).toEqual({ early: true });
  });

  it('that a callback fails to read are counted as an internal error, and the value comes back', () => {
    const errors: unknown[] = [];
    const tracking = new Tracking({ onInternalError: (place, error) => errors.push([place, error]) });
    const failure = new Error('no rows');
    const value = tracking.run(() =>
      [1, 2].map(() =>
        tracking.tracker.trackStage('A', () => 'value', {
          attributes: () => {
            throw failure;
          },
        }),
      ),
    );
    expect(value).toEqual(['value', 'value']);
    expect(errors).toEqual([['attributes of A', failure]]);
    expect(tracking.tracker.getDropCounts().internalErrors).toBe(2);
    expect(tracking.root.substages.map((stage) => stage.outcome)).toEqual(['ok', 'ok']);
  });
});
