import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@followspot/core';
import type { ObservabilityOptions } from './observability-options.js';
import { ENABLED_VARIABLE, resolveOptions, SAMPLE_RATE_VARIABLE } from './resolve-options.js';

const sink = { name: 'mine', record: () => {} };

describe('Without options and environment', () => {
  it('tracking is on, one trace in ten is kept and lines are written', () => {
    expect(resolveOptions({}, {})).toEqual({
      enabled: true,
      sampleRate: 0.1,
      log: { enabled: true },
      stream: { stallFactor: 5, stallFloorMs: 500 },
      metrics: { enabled: undefined, path: '/metrics' },
    });
  });
});

describe('EXECUTION_TRACKING_SAMPLE_RATE', () => {
  const rateOf = (value: string): number => resolveOptions({}, { [SAMPLE_RATE_VARIABLE]: value }).sampleRate;

  it.each([
    ['0', 0],
    ['0.0', 0],
    ['.25', 0.25],
    ['1.', 1],
    ['1.0', 1],
    [' 0.5 ', 0.5],
    ['0.001', 0.001],
  ])('may be %j', (value, rate) => {
    expect(rateOf(value)).toBe(rate);
  });

  it.each([
    '',
    ' ',
    'abc',
    '-1',
    '1.5',
    '0,5',
    'NaN',
    '1e400',
    'Infinity',
    '0x1',
    '0.5abc',
    '1e-1',
    '-0',
    '+1',
    '50%',
    '1.01',
  ])('stops the start as %j, and the error names it and the value', (value) => {
    const start = (): unknown => rateOf(value);
    expect(start).toThrow(TypeError);
    expect(start).toThrow('EXECUTION_TRACKING_SAMPLE_RATE must be a number from 0.0 to 1.0');
    expect(start).toThrow(JSON.stringify(value));
  });

  it('gives way to the option', () => {
    expect(resolveOptions({ sampleRate: 1 }, { [SAMPLE_RATE_VARIABLE]: '0.2' }).sampleRate).toBe(1);
    expect(resolveOptions({ sampleRate: 0 }, { [SAMPLE_RATE_VARIABLE]: 'abc' }).sampleRate).toBe(0);
  });

  it('counts where the option is undefined', () => {
    const options = { sampleRate: undefined } as unknown as ObservabilityOptions;
    expect(resolveOptions(options, { [SAMPLE_RATE_VARIABLE]: '0.2' }).sampleRate).toBe(0.2);
  });
});

describe('EXECUTION_TRACKING_ENABLED', () => {
  const enabledOf = (value: string): boolean => resolveOptions({}, { [ENABLED_VARIABLE]: value }).enabled;

  it.each([
    ['true', true],
    ['TRUE', true],
    [' 1 ', true],
    ['false', false],
    ['False', false],
    ['0', false],
  ])('may be %j', (value, enabled) => {
    expect(enabledOf(value)).toBe(enabled);
  });

  it.each([
    '',
    ' ',
    'abc',
    'yes',
    'no',
    'on',
    '-1',
    '1.5',
    '0,5',
    'NaN',
    '1e400',
    'Infinity',
    '0x1',
    '2',
    'truefalse',
  ])('stops the start as %j, and the error names it and the value', (value) => {
    expect(() => enabledOf(value)).toThrow(
      `EXECUTION_TRACKING_ENABLED must be true or false, got ${JSON.stringify(value)}`,
    );
  });

  it('gives way to the option', () => {
    expect(resolveOptions({ enabled: true }, { [ENABLED_VARIABLE]: 'false' }).enabled).toBe(true);
    expect(resolveOptions({ enabled: false }, { [ENABLED_VARIABLE]: 'nonsense' }).enabled).toBe(false);
  });
});

describe('An option', () => {
  const right: [keyof ObservabilityOptions, unknown][] = [
    ['enabled', false],
    ['sampleRate', 0],
    ['sampleRate', 0.29],
    ['rescue', false],
    ['rescue', { slowMs: 5 }],
    ['force', () => true],
    ['threadId', () => undefined],
    ['sinks', []],
    ['sinks', [sink]],
    ['limits', {}],
    ['stream', { stallFactor: 1, stallFloorMs: 0 }],
    ['closeTimeoutMs', 0],
    ['abortGraceMs', 3_600_000],
    ['clock', systemClock],
  ];
  it.each(right)('%s may be %j', (name, value) => {
    expect(resolveOptions({ [name]: value }, {})).toHaveProperty(name, value);
  });

  const wrong: [keyof ObservabilityOptions, unknown, string][] = [
    ['enabled', 'true', '"true"'],
    ['enabled', null, 'null'],
    ['sampleRate', '0.5', '"0.5"'],
    ['sampleRate', -0.1, '-0.1'],
    ['sampleRate', 1.1, '1.1'],
    ['sampleRate', Number.NaN, 'NaN'],
    ['sampleRate', Infinity, 'Infinity'],
    ['sampleRate', null, 'null'],
    ['sampleRate', Object.create(null), '[Object: null prototype] {}'],
    ['rescue', 'yes', '"yes"'],
    ['rescue', [], '[]'],
    ['force', true, 'true'],
    ['threadId', 'id', '"id"'],
    ['log', 1, '1'],
    ['sinks', sink, "{ name: 'mine', record: [Function: record] }"],
    ['sinks', [{ name: 'mine' }], "[ { name: 'mine' } ]"],
    ['sinks', [null], '[ null ]'],
    ['limits', 5, '5'],
    ['stream', 5, '5'],
    ['stream', [], '[]'],
    ['closeTimeoutMs', -1, '-1'],
    ['abortGraceMs', 3_600_001, '3600001'],
    ['closeTimeoutMs', '5', '"5"'],
    ['closeTimeoutMs', Number.NaN, 'NaN'],
    ['closeTimeoutMs', 2 ** 31, '2147483648'],
    ['clock', { now: () => 1 }, '{ now: [Function: now] }'],
    ['clock', null, 'null'],
  ];
  it.each(wrong)('%s must not be %p: the error names it and the value', (name, value, shown) => {
    const start = (): unknown => resolveOptions({ [name]: value }, {});
    expect(start).toThrow(TypeError);
    expect(start).toThrow(`ObservabilityModule: option ${name} must be`);
    expect(start).toThrow(`got ${shown}`);
  });

  it.each(['samplerate', 'sampelRate', '__proto__', 'constructor', 'toString'])(
    'that does not exist (%s) stops the start, and the error names it and those that do',
    (name) => {
      const given = Object.fromEntries([[name, 1]]);
      expect(() => resolveOptions(given, {})).toThrow(
        `unknown option ${name}; known are enabled, sampleRate, rescue`,
      );
    },
  );
});
