import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

describe('what has ended', () => {
  it.each([
    ['exits', 'process.exit(0)', 0],
    ['throws what nobody catches', 'throw new Error("gone")', 1],
  ])('reaches the sinks when the process %s in the same turn', (_, end, status) => {
    const script = `
      const { ExecutionTracker, Recorder } = await import('@followspot/core');
      const sink = { name: 'out', record: ({ stageId }) => console.log(stageId) };
      const tracker = new ExecutionTracker(new Recorder({ sampleRate: 1, sinks: [sink] }));
      tracker.runTrace('JOB', () => tracker.trackStage('A', () => 1));
      ${end};`;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect(run.stdout).toBe('A\nJOB\n');
    expect(run.status).toBe(status);
  });
});
