import { describe, expect, it } from '@jest/globals';
import { type LogOptions, logOptionsOf } from './log-options.js';

describe('The option log', () => {
  it('may be true, false, absent or an object of which all is optional', () => {
    expect(logOptionsOf(undefined)).toEqual({ enabled: true });
    expect(logOptionsOf(true)).toEqual({ enabled: true });
    expect(logOptionsOf(false)).toEqual({ enabled: false });
    const all: LogOptions = {
      stages: false,
      metrics: true,
      traces: 'all',
      queryText: true,
      redactKeys: ['licence-number'],
      limits: { textLength: 100, depth: 2 },
    };
    expect(logOptionsOf(all)).toEqual({ enabled: true, ...all });
    expect(logOptionsOf({ stages: undefined } as never)).toEqual({ enabled: true, limits: {} });
  });

  it.each([
    [{ stages: 1 }, 'option log.stages must be true or false, got 1'],
    [{ metrics: 'no' }, "option log.metrics must be true or false, got 'no'"],
    [{ traces: 'some' }, "option log.traces must be 'kept' or 'all', got 'some'"],
    [{ queryText: null }, 'option log.queryText must be true or false, got null'],
    [{ redactKeys: 'a' }, "option log.redactKeys must be an array of names, got 'a'"],
    [{ redactKeys: ['--'] }, "option log.redactKeys must be an array of names, got [ '--' ]"],
    [{ limits: 5 }, 'option log.limits must be an object of limits, got 5'],
    [{ limits: { depth: 0 } }, 'option log.limits.depth must be a whole number from 1 to 32, got 0'],
    [{ limits: { width: 1 } }, 'unknown option log.limits.width; known are textLength, depth, lineLength'],
    [{ stage: true }, 'unknown option log.stage; known are stages, metrics, traces, queryText'],
  ])('stops the start as %j', (options, message) => {
    const start = (): unknown => logOptionsOf(options as never);
    expect(start).toThrow(TypeError);
    expect(start).toThrow(message);
  });
});
