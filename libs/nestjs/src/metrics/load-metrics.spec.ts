import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { metricsOptionsOf } from '../config/metrics-options.js';
import { loadMetrics } from './load-metrics.js';

const missing = (): Promise<never> => {
  const error = new Error("Cannot find package 'prom-client' imported from …");
  return Promise.reject(Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' }));
};

describe('Where prom-client is not installed', () => {
  it('an application that says nothing of metrics starts without them', async () => {
    expect(await loadMetrics(metricsOptionsOf(undefined, {}), missing)).toBeUndefined();
  });

  it('one that has switched them off starts without even looking', async () => {
    let looks = 0;
    const look = (): Promise<never> => {
      looks += 1;
      return missing();
    };
    expect(await loadMetrics(metricsOptionsOf({ enabled: false }, {}), look)).toBeUndefined();
    expect(looks).toBe(0);
  });

  it.each([{}, { enabled: true }, { path: '/numbers' }])(
    'one that asks for them by %p does not start',
    async (given) => {
      const loading = loadMetrics(metricsOptionsOf(given, {}), missing);
      await expect(loading).rejects.toThrow('metrics need the package prom-client, which is not installed');
    },
  );

  it('any other error on loading is told as it is', async () => {
    const broken = new SyntaxError('unexpected token');
    const loading = loadMetrics(metricsOptionsOf(undefined, {}), () => Promise.reject(broken));
    await expect(loading).rejects.toBe(broken);
  });
});

describe('Where it is installed', () => {
  it('metrics are on without being asked for', async () => {
    const metrics = await loadMetrics(metricsOptionsOf(undefined, {}));
    expect(metrics).toBeDefined();
    metrics?.close();
  });

  it('the options reach the sink', async () => {
    const registry = new Registry();
    const metrics = await loadMetrics(metricsOptionsOf({ registry }, {}));
    expect(metrics?.registry).toBe(registry);
  });
});
