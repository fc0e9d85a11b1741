import type { Recorder } from '@followspot/core';
import { type RecentErrors, WINDOW_MS } from './recent-errors.js';

/** One part of Followspot, as `/metrics/health` tells of it. */
interface PartHealth {
  readonly status: 'up' | 'down' | 'off';
  readonly [detail: string]: unknown;
}

/** The answer of `/metrics/health`. */
export interface Health {
  readonly status: 'up' | 'down';
  readonly parts: Readonly<Record<'tracker' | 'traces' | 'sinks' | 'registry', PartHealth>>;
}

/**
 * How Followspot itself is; of the application it knows nothing. A part is down when it loses what it should keep: no
 * room for another trace, an error in the last five minutes, a metric that cannot be read.
 * @param errors Internal errors so far, without those of metrics that cannot be read.
 */
export function healthOf(
  recorder: Recorder,
  recent: RecentErrors,
  errors: number,
  unreadable: Readonly<Record<string, string>>,
): Health {
  const open = recorder.openTraceCount;
  const limit = recorder.limits.openTraces;
  const recentErrors = recent.inWindow(errors, performance.now());
  const parts = {
    tracker: { status: recorder.enabled ? 'up' : 'off', sampleRate: recorder.sampler.rate },
    traces: { status: upIf(open < limit), open, limit, kept: recorder.history.size },
    sinks: { status: upIf(recentErrors === 0), errors, recentErrors, windowMs: WINDOW_MS },
    registry: { status: upIf(Object.keys(unreadable).length === 0), unreadable },
  } satisfies Health['parts'];
  const isDown = Object.values(parts).some(({ status }) => status === 'down');
  return { status: upIf(!isDown), parts };
}

function upIf(isUp: boolean): 'up' | 'down' {
  return isUp ? 'up' : 'down';
}
