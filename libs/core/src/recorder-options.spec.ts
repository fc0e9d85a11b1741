import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, limitsOf } from './limits.js';
import { DEFAULT_SAMPLE_RATE, Recorder, type RecorderOptions } from './recorder.js';
import { DEFAULT_RESCUE, rescueReason, rescueRulesOf } from './rescue.js';

describe('RecorderOptions', () => {
  it('all have defaults', () => {
    const { enabled, sampler, rescue, limits } = new Recorder();
    expect({ enabled, rate: sampler.rate, rescue, limits }).toEqual({
      enabled: true,
      rate: DEFAULT_SAMPLE_RATE,
      rescue: DEFAULT_RESCUE,
      limits: DEFAULT_LIMITS,
    });
  });

  it.each<[string, object]>([
    ['sampleRate must be a number from 0 to 1, got NaN', { sampleRate: NaN }],
    [
      'limits.stagesPerTrace must be a whole number from 1 to 10,000,000, got 0',
      { limits: { stagesPerTrace: 0 } },
    ],
    ['rescue.slowMs must be false or a number of at least 0, got -1', { rescue: { slowMs: -1 } }],
    ['closeTimeoutMs must be a number from 0 to 3,600,000, got NaN', { closeTimeoutMs: NaN }],
    ['closeTimeoutMs must be a number from 0 to 3,600,000, got -1', { closeTimeoutMs: -1 }],
    ['closeTimeoutMs must be a number from 0 to 3,600,000, got Infinity', { closeTimeoutMs: Infinity }],
  ])('stop the start with name and value: %s', (message, options) => {
    expect(() => new Recorder(options as RecorderOptions)).toThrow(new RangeError(message));
  });
});

describe('limitsOf', () => {
  it('puts the given values into the defaults', () => {
    expect(limitsOf({ stageIds: 3 })).toEqual({ ...DEFAULT_LIMITS, stageIds: 3 });
  });

  it.each([0, -1, 1.5, NaN, Infinity, 10_000_001, '5', null, undefined])('refuses %p', (value) => {
    expect(() => limitsOf({ stageIds: value as number })).toThrow(RangeError);
  });

  it.each(['stagePerTrace', 'constructor', 'toString'])('refuses the unknown name %p', (name) => {
    expect(() => limitsOf({ [name]: 5 })).toThrow(
      `limits.${name} is not a limit; known are ${Object.keys(DEFAULT_LIMITS).join(', ')}`,
    );
  });
});

describe('rescueRulesOf', () => {
  it('gives the defaults for true and for nothing, and no rules for false', () => {
    expect([rescueRulesOf(true), rescueRulesOf(), rescueRulesOf(false)]).toEqual([
      DEFAULT_RESCUE,
      DEFAULT_RESCUE,
      undefined,
    ]);
  });

  it('changes only the rules that are given', () => {
    expect(rescueRulesOf({ slowMs: false })).toEqual({ ...DEFAULT_RESCUE, slowMs: false });
  });

  it.each([-1, NaN, undefined, 'fast'])('refuses %p as slowMs', (slowMs) => {
    expect(() => rescueRulesOf({ slowMs: slowMs as number })).toThrow(RangeError);
  });

  it.each(['costly', 'constructor'])('refuses the unknown rule %p', (name) => {
    expect(() => rescueRulesOf({ [name]: true })).toThrow(
      `rescue.${name} is not a rule; known are failed, abandoned, slowMs`,
    );
  });
});

describe('rescueReason', () => {
  const all = { failed: true, abandoned: true, slowMs: 100 };

  it.each([
    ['a failed trace, also a slow one', all, 'error', 200, 'failed'],
    ['an abandoned trace, also a slow one', all, 'cancelled', 200, 'abandoned'],
    ['a trace longer than slowMs', all, 'ok', 100.001, 'slow'],
    ['no trace of exactly slowMs', all, 'ok', 100, undefined],
    ['no slow trace without that rule', { ...all, slowMs: false }, 'ok', 1e9, undefined],
    [
      'a failed trace as slow without the rule for failed ones',
      { ...all, failed: false },
      'error',
      200,
      'slow',
    ],
    ['no abandoned trace without that rule', { ...all, abandoned: false }, 'cancelled', 1, undefined],
    ['nothing without rules', undefined, 'error', 1e9, undefined],
  ] as const)('rescues %s', (_, rules, outcome, answeredAfterMs, reason) => {
    expect(rescueReason(rules, outcome, answeredAfterMs)).toBe(reason);
  });
});
