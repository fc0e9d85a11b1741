import { currentStage } from '@followspot/core';

/**
 * A pino `mixin`: puts the trace id on every line that is logged inside a trace, whoever logs it. The thread id is
 * added where the application has set one of its own.
 */
export function traceMixin(): { traceId?: string; threadId?: string } {
  const trace = currentStage()?.trace;
  if (trace === undefined) return {};
  const { traceId, threadId } = trace;
  return threadId === traceId ? { traceId } : { traceId, threadId };
}
