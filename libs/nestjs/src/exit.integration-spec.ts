import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

/** A recorder, and a sink that writes what it is told of, a line for each stage. */
const preludeOf = (scope: string, sampleRate: number): string => `
  const { ExecutionTracker, Recorder } = await import('@followspot/core');
  const record = ({ stageId }) => {
    console.log(stageId);
    if (stageId === 'LAST_WORD') process.exit(0);
  };
  const tracker = new ExecutionTracker(new Recorder({ sampleRate: ${sampleRate}, sinks: [{ name: 'out', scope: '${scope}', record }] }));`;
/** Keeps every trace. */
const KEEPING = preludeOf('kept', 1);
/** Keeps none, and its sink wants all. */
const LEAVING = preludeOf('all', 0);

/** The stages that the sink of a process was told of until its end, and the exit code. */
function told(script: string, prelude = KEEPING): { stages: string[]; status: number | null } {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `${prelude}\n${script}`],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  return { stages: stdout.split('\n').slice(0, -1), status };
}

describe('what has ended', () => {
  it.each([
    ['exits', 'process.exit(0)', 0],
    ['throws what nobody catches', 'throw new Error("gone")', 1],
  ])('reaches the sinks when the process %s in the same turn', (_, end, status) => {
    const script = `tracker.runTrace('JOB', () => tracker.trackStage('A', () => 1));\n${end};`;
    expect(told(script)).toEqual({ stages: ['A', 'JOB'], status });
  });

  it('reaches the sinks also where one of them ends the process meanwhile', () => {
    const ids = JSON.stringify(['A', 'LAST_WORD', 'B', 'C']);
    const script = `tracker.runTrace('JOB', () => ${ids}.forEach((id) => tracker.trackStage(id, () => 1)));`;
    for (const prelude of [KEEPING, LEAVING]) {
      expect(told(script, prelude)).toEqual({ stages: ['A', 'LAST_WORD', 'B', 'C', 'JOB'], status: 0 });
    }
  });

  it('reaches the sinks also where it ended while the process was exiting', () => {
    const script = `
      tracker.runTrace('JOB', () => 1);
      process.on('exit', () => tracker.runTrace('LAST', () => ['A', 'B'].map((id) => tracker.trackStage(id, () => 1))));`;
    for (const prelude of [KEEPING, LEAVING]) {
      expect(told(script, prelude)).toEqual({ stages: ['JOB', 'A', 'B', 'LAST'], status: 0 });
    }
  });
});
