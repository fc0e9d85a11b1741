import type { ExecutionSummary, StageExecution } from '../stage/stage-execution.js';

/**
 * A trace as text for terminals, tests and chat: a line per stage with its duration and, where it says more than
 * `ok`, how it ended.
 *
 * ```text
 * trace 3f2a… · 12.4 ms · ok · kept because sampled
 * HTTP.1_REQUEST  GET /search            12.400 ms
 * └─ HTTP.2_STREAM  SSE Stream           12.100 ms  completed
 *    └─ 2.0_CACHE_LOOKUP  Cache Lookup    0.300 ms
 * ```
 */
export function formatSummary(summary: ExecutionSummary): string {
  const rows = summary.stages.flatMap((stage) => rowsOf(stage, '', ''));
  const labelWidth = Math.max(...rows.map(({ label }) => label.length));
  const durationWidth = Math.max(...rows.map(({ duration }) => duration.length));
  const lines = rows.map(({ label, duration, remark }) =>
    `${label.padEnd(labelWidth)}  ${duration.padStart(durationWidth)} ms  ${remark}`.trimEnd(),
  );
  return [headline(summary), ...lines].join('\n');
}

interface Row {
  readonly label: string;
  readonly duration: string;
  readonly remark: string;
}

function rowsOf(stage: StageExecution, ownIndent: string, substageIndent: string): Row[] {
  const row: Row = {
    label: `${ownIndent}${stage.stageId}  ${stage.stageName}`,
    duration: stage.durationMs.toFixed(3),
    remark: remarkOn(stage),
  };
  const last = stage.substages.length - 1;
  const substages = stage.substages.flatMap((substage, index) =>
    index === last
      ? rowsOf(substage, `${substageIndent}└─ `, `${substageIndent}   `)
      : rowsOf(substage, `${substageIndent}├─ `, `${substageIndent}│  `),
  );
  return [row, ...substages];
}

function remarkOn(stage: StageExecution): string {
  if (stage.running === true) return 'running';
  if (stage.errorType !== undefined) {
    // An error's message may have line breaks; a stage has one line.
    const message = stage.errorMessage?.replace(/\s+/g, ' ') ?? '';
    return `${stage.ending ?? stage.outcome}: ${stage.errorType}: ${message}`;
  }
  if (stage.ending !== undefined) return stage.ending;
  return stage.outcome === 'ok' ? '' : stage.outcome;
}

function headline(summary: ExecutionSummary): string {
  const state = summary.running ? 'running' : summary.outcome;
  const kept = summary.keptBecause === undefined ? [] : [`kept because ${summary.keptBecause}`];
  return [`trace ${summary.traceId}`, `${summary.totalDurationMs} ms`, state, ...kept].join(' · ');
}
