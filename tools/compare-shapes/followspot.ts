// Followspot as a user has it: the module in a Nest application, `@TrackStage` on methods, and the execution summary.
import { NestFactory } from '@nestjs/core';
import { Observable } from 'rxjs';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import { ExecutionTracker, ObservabilityModule, TrackStage } from '@followspot/nestjs';
import type { Tool } from './tool.ts';
import { decorated, recordsOf } from './tracked.ts';

export async function createTool(): Promise<Tool> {
  const app = await NestFactory.createApplicationContext(
    ObservabilityModule.forRoot({ sampleRate: 1, log: false }),
    { logger: false },
  );
  const tracker = app.get(ExecutionTracker);
  return {
    Observable,
    canSayCancelled: true,
    track: (name, method, options) => decorated(TrackStage, name, method, options),
    runTrace: async (body) => {
      let threadId: string | undefined;
      await tracker.runTrace('0_TRIAL', async () => {
        ({ threadId } = tracker);
        await body();
      });
      const summary = threadId === undefined ? undefined : tracker.getExecutionSummary(threadId);
      if (summary === undefined) throw new Error('the trace was not kept');
      return recordsOf(summary);
    },
    close: () => app.close(),
  };
}
