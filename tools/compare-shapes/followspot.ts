// Followspot as a user has it: the module in a Nest application, `@TrackStage` on methods, and the execution summary.
import { NestFactory } from '@nestjs/core';
import { Observable } from 'rxjs';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import { type ExecutionSummary, ExecutionTracker, ObservabilityModule, TrackStage } from '@followspot/nestjs';
import type { Method, RecordedCall, Tool } from './tool.ts';

export async function createTool(): Promise<Tool> {
  const app = await NestFactory.createApplicationContext(
    ObservabilityModule.forRoot({ sampleRate: 1, log: false }),
    { logger: false },
  );
  const tracker = app.get(ExecutionTracker);
  return {
    Observable,
    canSayCancelled: true,
    track: decorated,
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

/** Applies the decorator as TypeScript does; Node runs no decorators by itself. */
function decorated<T>(name: string, method: Method<T>): Method<T> {
  const service: Record<string, Method<T>> = { [name]: method };
  const descriptor: TypedPropertyDescriptor<Method<T>> = {
    value: method,
    writable: true,
    configurable: true,
  };
  TrackStage(name)(service, name, descriptor);
  Object.defineProperty(service, name, descriptor);
  return () => (service[name] as Method<T>)();
}

/** The tree below the root as a list. */
function recordsOf(summary: ExecutionSummary): RecordedCall[] {
  const records: RecordedCall[] = [];
  const pending = summary.stages.flatMap(({ substages }) =>
    substages.map((stage) => ({ stage, parentId: undefined as string | undefined })),
  );
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { stage, parentId } = next;
    const id = String(records.length);
    const durationMs = stage.running ? undefined : stage.durationMs;
    records.push({ id, parentId, name: stage.stageId, durationMs, outcome: stage.outcome });
    pending.push(...stage.substages.map((substage) => ({ stage: substage, parentId: id })));
  }
  return records;
}
