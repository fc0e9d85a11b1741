import { describe, expect, it } from '@jest/globals';
import type { ObservabilityOptions } from './observability-options.js';
import { streamOptionsOf } from './stream-options.js';

describe('The option stream', () => {
  it.each<[unknown, object]>([
    [undefined, { stallFactor: 5, stallFloorMs: 500 }],
    [{}, { stallFactor: 5, stallFloorMs: 500 }],
    [{ stallFactor: 1.5 }, { stallFactor: 1.5, stallFloorMs: 500 }],
    [{ stallFloorMs: 0 }, { stallFactor: 5, stallFloorMs: 0 }],
    [{ stallFactor: undefined }, { stallFactor: 5, stallFloorMs: 500 }],
  ])('may be %j, and what is not given has its default', (given, resolved) => {
    expect(streamOptionsOf(given as ObservabilityOptions['stream'])).toEqual(resolved);
  });

  it.each([
    ['stallFactor', 0.9, 'a number of at least 1, got 0.9'],
    ['stallFactor', '5', "a number of at least 1, got '5'"],
    ['stallFactor', Infinity, 'a number of at least 1, got Infinity'],
    ['stallFactor', null, 'a number of at least 1, got null'],
    ['stallFloorMs', -1, 'a number of milliseconds of at least 0, got -1'],
    ['stallFloorMs', Number.NaN, 'a number of milliseconds of at least 0, got NaN'],
  ])('stops the start where its %s is %p, and the error names both', (name, value, problem) => {
    const start = (): unknown => streamOptionsOf({ [name]: value });
    expect(start).toThrow(TypeError);
    expect(start).toThrow(`ObservabilityModule: option stream.${name} must be ${problem}`);
  });

  it('stops the start where it has a name that does not exist', () => {
    expect(() => streamOptionsOf({ stalFactor: 5 } as never)).toThrow(
      'unknown option stream.stalFactor; known are stallFactor, stallFloorMs',
    );
  });
});
