import { describe, expect, it } from '@jest/globals';
import { GatewayConfig } from './gateway-config.js';

describe('GatewayConfig', () => {
  it('has a default for everything', () => {
    expect(new GatewayConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3_000,
      logLevel: 'info',
      isDevelopment: true,
      corpusDir: undefined,
      redisUrl: undefined,
      redisTimeoutMs: 500,
      l1MaxAnswers: 1_000,
      l1MaxBytes: 16_777_216,
      l1TtlMs: 300_000,
      l2TtlSeconds: 3_600,
      flightEvents: 1_000,
      heartbeatMs: 15_000,
      retryMs: 1_000,
      replayEvents: 1_000,
      replayStreams: 200,
      replayTtlMs: 60_000,
      endpoints: [],
      firstChunkTimeoutMs: 30_000,
      stallTimeoutMs: 15_000,
      breakerFailures: 5,
      breakerOpenMs: 30_000,
      promptMaxCharacters: 12_000,
      answerMaxWords: 120,
      answerMaxTokens: 4_096,
      monthlyBudget: undefined,
      isForceHeaderHonoured: true,
      sampleRate: 1,
    });
  });

  it('keeps every trace in development, unless the environment says otherwise', () => {
    expect(new GatewayConfig({ NODE_ENV: 'development' }).sampleRate).toBe(1);
    const stated = new GatewayConfig({ EXECUTION_TRACKING_SAMPLE_RATE: '0.5' });
    expect(stated.sampleRate).toBeUndefined();
  });

  it('leaves the sample rate to Followspot in production, and honours the force header only when told to', () => {
    const production = new GatewayConfig({ NODE_ENV: 'production' });
    expect(production.sampleRate).toBeUndefined();
    expect(production.isForceHeaderHonoured).toBe(false);
    const open = new GatewayConfig({ NODE_ENV: 'production', FORCE_TRACKING_HEADER: 'true' });
    expect(open.isForceHeaderHonoured).toBe(true);
    expect(new GatewayConfig({ FORCE_TRACKING_HEADER: 'false' }).isForceHeaderHonoured).toBe(false);
  });
});
