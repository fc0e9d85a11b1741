import { describe, expect, it } from '@jest/globals';
import { stageDefinition } from '../stage/stage-definition.js';
import { Tracking } from '../testing/tracking.js';
import { UpstreamErrors } from './upstream-errors.js';

describe('an error', () => {
  const upstream = new Error('429');
  const errors = new UpstreamErrors();
  errors.add(upstream);

  it.each<[string, unknown, boolean]>([
    ['a provider stage ended with it', upstream, true],
    ['it names such a one as its cause', new Error('no answer', { cause: upstream }), true],
    ['that is further down', new Error('a', { cause: new Error('b', { cause: upstream }) }), true],
    ['it only looks like one', new Error('429'), false],
    ['it is caused by another', new Error('429', { cause: new Error('429') }), false],
    ['it is no object', '429', false],
    ['it is nothing', undefined, false],
  ])('came from upstream or not: %s', (_, error, expected) => {
    expect(errors.caused(error)).toBe(expected);
  });

  it('whose causes form a circle, or cannot be read, is looked at all the same', () => {
    const circle: { cause?: unknown } = new Error('circle');
    circle.cause = circle;
    const locked = Object.defineProperty(new Error('locked'), 'cause', {
      get: () => {
        throw new Error('no');
      },
    });
    expect([errors.caused(circle), errors.caused(locked)]).toEqual([false, false]);
  });

  it('is remembered of failed provider stages alone', () => {
    const tracking = new Tracking();
    const root = tracking.recorder.openTrace(stageDefinition('ROOT')).root!;
    const [own, theirs] = [new Error('own'), new Error('theirs')];
    root.open(stageDefinition('A'))?.fail(own);
    root.open(stageDefinition('B', { kind: 'provider' }))?.fail(theirs);
    root.open(stageDefinition('C', { kind: 'provider' }))?.fail('a string');
    const { upstreamErrors } = root.trace;
    expect([upstreamErrors.caused(own), upstreamErrors.caused(theirs)]).toEqual([false, true]);
  });

  it('of a provider is one in every trace that it reaches, as that of an answer that several wait for', () => {
    const { recorder } = new Tracking();
    const [asking, waiting] = [
      recorder.openTrace(stageDefinition('A')),
      recorder.openTrace(stageDefinition('B')),
    ];
    const upstream = new Error('429');
    asking.root!.open(stageDefinition('CALL', { kind: 'provider' }))?.fail(upstream);
    asking.root!.fail(upstream);
    expect(waiting.upstreamErrors.caused(new Error('shared', { cause: upstream }))).toBe(true);
  });
});
