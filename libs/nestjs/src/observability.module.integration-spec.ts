import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Inject, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ExecutionTracker, Recorder } from '@followspot/core';
import type { ObservabilityOptions } from './config/observability-options.js';
import { ENABLED_VARIABLE, SAMPLE_RATE_VARIABLE } from './config/resolve-options.js';
import { ObservabilityModule } from './observability.module.js';

@Injectable()
class Consumer {
  constructor(@Inject(ExecutionTracker) readonly tracker: ExecutionTracker) {}
}

/** A module that imports nothing: the tracker has to come to it. */
@Module({ providers: [Consumer] })
class FeatureModule {}

@Injectable()
class Settings implements ObservabilityOptions {
  readonly sampleRate = 0.75;
  create(): ObservabilityOptions {
    return { sampleRate: this.sampleRate };
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

class AppModule {}

function appWith(...imports: NonNullable<DynamicModule['imports']>): DynamicModule {
  return { module: AppModule, imports: [...imports, FeatureModule] };
}

async function started(
  module: DynamicModule | Type,
): Promise<{ tracker: ExecutionTracker; recorder: Recorder }> {
  const context = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const found = {
    tracker: context.get(Consumer, { strict: false }).tracker,
    recorder: context.get(Recorder),
  };
  await context.close();
  return found;
}

describe('ObservabilityModule', () => {
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    environment = { ...process.env };
    delete process.env[SAMPLE_RATE_VARIABLE];
    delete process.env[ENABLED_VARIABLE];
  });

  afterEach(() => {
    process.env = environment;
  });

  it.each<[string, DynamicModule | Type]>([
    ['forRoot()', ObservabilityModule.forRoot()],
    ['forRoot({})', ObservabilityModule.forRoot({})],
    ['without forRoot', ObservabilityModule],
  ])('works %s: the defaults hold and the tracker is known in every module', async (_, module) => {
    const { tracker, recorder } = await started(appWith(module));
    expect(tracker).toBeInstanceOf(ExecutionTracker);
    expect(recorder.sampler.rate).toBe(0.1);
    expect(recorder.enabled).toBe(true);
  });

  it('takes options', async () => {
    const { recorder } = await started(
      appWith(ObservabilityModule.forRoot({ sampleRate: 0.5, enabled: false })),
    );
    expect(recorder.sampler.rate).toBe(0.5);
    expect(recorder.enabled).toBe(false);
  });

  it.each<[string, DynamicModule]>([
    [
      'a factory with dependencies',
      ObservabilityModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async (settings: Settings) => settings.create(),
      }),
    ],
    ['a class', ObservabilityModule.forRootAsync({ useClass: Settings })],
    [
      'an existing provider',
      ObservabilityModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
    ],
  ])('takes options from %s', async (_, module) => {
    const { recorder, tracker } = await started(appWith(module));
    expect(recorder.sampler.rate).toBe(0.75);
    expect(tracker).toBeInstanceOf(ExecutionTracker);
  });

  it('takes the environment as it is when the application starts', async () => {
    const module = appWith(ObservabilityModule.forRoot());
    process.env[SAMPLE_RATE_VARIABLE] = '0.4';
    process.env[ENABLED_VARIABLE] = 'false';
    const { recorder } = await started(module);
    expect(recorder.sampler.rate).toBe(0.4);
    expect(recorder.enabled).toBe(false);
  });

  it.each(['', 'abc', '0,5', '1e400'])(
    'does not start with EXECUTION_TRACKING_SAMPLE_RATE=%j',
    async (value) => {
      process.env[SAMPLE_RATE_VARIABLE] = value;
      await expect(started(appWith(ObservabilityModule.forRoot()))).rejects.toThrow(
        `EXECUTION_TRACKING_SAMPLE_RATE must be a number from 0.0 to 1.0, such as 0.1 for 10 %, got ${JSON.stringify(value)}`,
      );
    },
  );

  it('does not start with EXECUTION_TRACKING_ENABLED=maybe', async () => {
    process.env[ENABLED_VARIABLE] = 'maybe';
    await expect(started(appWith(ObservabilityModule.forRoot()))).rejects.toThrow(
      'EXECUTION_TRACKING_ENABLED must be true or false, got "maybe"',
    );
  });

  it.each<[string, DynamicModule]>([
    ['sampleRate', ObservabilityModule.forRoot({ sampleRate: 2 })],
    ['limits.traces', ObservabilityModule.forRoot({ limits: { traces: 1 } as object })],
    ['rescue.slowMs', ObservabilityModule.forRoot({ rescue: { slowMs: -1 } })],
    ['sinks', ObservabilityModule.forRootAsync({ useFactory: () => ({ sinks: [{}] }) as never })],
  ])('does not start with a bad %s', async (name, module) => {
    await expect(started(appWith(module))).rejects.toThrow(name);
  });

  it('may be imported by many modules as long as it is the same', async () => {
    const module = ObservabilityModule.forRoot({ sampleRate: 0.5 });
    const feature: DynamicModule = { module: SettingsModule, imports: [module] };
    expect((await started(appWith(module, feature))).recorder.sampler.rate).toBe(0.5);
  });

  it('set up twice in one application stops the start, because each would trace every request', async () => {
    const twice = appWith(ObservabilityModule.forRoot(), ObservabilityModule.forRoot({ sampleRate: 1 }));
    await expect(started(twice)).rejects.toThrow('ObservabilityModule is set up twice in this application');
  });

  it('may be started again and again, also side by side', async () => {
    const module = appWith(ObservabilityModule.forRoot());
    const [one, two] = await Promise.all([started(module), started(module)]);
    expect(one.recorder).not.toBe(two.recorder);
    await expect(started(module)).resolves.toBeDefined();
  });

  it('works in a testing module that never becomes an application', async () => {
    const testing = await Test.createTestingModule({
      imports: [ObservabilityModule.forRoot(), FeatureModule],
    }).compile();
    expect(testing.get(Consumer).tracker.trackStage('WORK', () => 42)).toBe(42);
    await testing.close();
  });

  it('tracks jobs of an application without HTTP', async () => {
    const module = appWith(ObservabilityModule.forRoot({ sampleRate: 1, log: false }));
    const context = await NestFactory.createApplicationContext(module, {
      logger: false,
      abortOnError: false,
    });
    const { tracker } = context.get(Consumer, { strict: false });
    const id = await tracker.runTrace('JOB.1_REINDEX', async () =>
      tracker.trackStage('WORK', () => tracker.traceId),
    );
    expect(tracker.getExecutionSummary(id!)).toMatchObject({ outcome: 'ok', stageCount: 2 });
    await context.close();
  });
});
