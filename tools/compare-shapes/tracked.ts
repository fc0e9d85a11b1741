// What the two ways to run the suite against Followspot have in common. Types only are imported: each brings the copy of
// the library that is installed where it runs.
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { ExecutionSummary, TrackStage } from '@followspot/nestjs';
import type { Method, RecordedCall, TrackOptions } from './tool.ts';

/** Applies the decorator as TypeScript does; Node runs no decorators by itself. */
export function decorated<T>(
  decorator: typeof TrackStage,
  name: string,
  method: Method<T>,
  options: TrackOptions = { followThenable: false },
): Method<T> {
  const service: Record<string, Method<T>> = { [name]: method };
  const descriptor: TypedPropertyDescriptor<Method<T>> = {
    value: method,
    writable: true,
    configurable: true,
  };
  decorator(name, options)(service, name, descriptor);
  Object.defineProperty(service, name, descriptor);
  return () => (service[name] as Method<T>)();
}

/** The tree below the root as a list. */
export function recordsOf(summary: ExecutionSummary): RecordedCall[] {
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
