import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { type MetricsOptions, metricsOptionsOf } from './metrics-options.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}

describe('The metrics options', () => {
  it('have defaults; whether they are on depends on prom-client only where nothing is said of them', () => {
    expect(metricsOptionsOf(undefined, {})).toEqual({ enabled: undefined, path: '/metrics' });
    expect(metricsOptionsOf({}, {})).toEqual({ enabled: true, path: '/metrics' });
    expect(metricsOptionsOf({ enabled: false }, {})).toEqual({ enabled: false, path: '/metrics' });
  });

  it.each<MetricsOptions>([
    { path: '/internal/metrics-1.txt' },
    { guard: Guard },
    { guard: new Guard() },
    { registry: new Registry() },
    { labelValues: 10, labelSets: 10 },
    { genAi: 'both' },
  ])('may be %p', (options) => {
    expect(metricsOptionsOf(options, {})).toMatchObject(options);
  });

  it.each<[string, unknown]>([
    ['enabled', 'yes'],
    ['path', 'metrics'],
    ['path', '/metrics/'],
    ['path', '/:id'],
    ['path', '/a b'],
    ['path', ''],
    ['path', '/../x?'],
    ['guard', () => true],
    ['guard', {}],
    ['guard', null],
    ['registry', {}],
    ['registry', null],
    ['labelValues', 0],
    ['labelSets', Number.NaN],
    ['genAi', 'v1.40'],
    ['genAi', true],
  ])('do not take %s: %p', (name, value) => {
    expect(() => metricsOptionsOf({ [name]: value }, {})).toThrow(
      `ObservabilityModule: option metrics.${name} must be`,
    );
  });

  it('take the names of GenAI from the environment, unless they are told', () => {
    const environment = { OTEL_SEMCONV_STABILITY_OPT_IN: 'http,gen_ai_latest_experimental' };
    expect(metricsOptionsOf(undefined, environment).genAi).toBe('latest');
    expect(metricsOptionsOf({ genAi: 'v1.41' }, environment).genAi).toBe('v1.41');
    expect(metricsOptionsOf({ genAi: false }, environment)).not.toHaveProperty('genAi');
    expect(metricsOptionsOf({}, {})).not.toHaveProperty('genAi');
  });

  it('do not take an unknown name', () => {
    expect(() => metricsOptionsOf({ paht: '/metrics' } as never, {})).toThrow(
      'unknown option metrics.paht; known are enabled, path, guard, registry, labelValues, labelSets, genAi',
    );
  });
});
