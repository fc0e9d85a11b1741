import { describe, expect, it } from '@jest/globals';
import { formatSummary } from './format-summary.js';
import { Tracking } from '../testing/tracking.js';

describe('formatSummary', () => {
  it('draws the tree with aligned durations, and remarks only where they say more than ok', () => {
    const tracking = new Tracking();
    const { clock, tracker } = tracking;
    tracker.runTrace(
      'JOB.1_REINDEX',
      () => {
        tracker.trackStage('1.0_READ', () => {
          tracker.trackStage('1.1_OPEN', () => clock.advance(0.25));
        });
        try {
          tracker.trackStage('2.0_WRITE', () => {
            clock.advance(12.5);
            throw new RangeError('disk\n  full');
          });
        } catch {
          // The application copes with it.
        }
        void tracker.trackStage('3.0_WAIT', () => new Promise(() => undefined));
      },
      { threadId: 't', traceId: 'id' },
    );
    expect(formatSummary(tracking.summary)).toBe(
      [
        'trace id · 12.75 ms · ok · kept because sampled',
        'JOB.1_REINDEX  Reindex  12.750 ms',
        '├─ 1.0_READ  Read        0.250 ms',
        '│  └─ 1.1_OPEN  Open     0.250 ms',
        '├─ 2.0_WRITE  Write     12.500 ms  error: RangeError: disk full',
        '└─ 3.0_WAIT  Wait        0.000 ms  cancelled',
      ].join('\n'),
    );
  });

  it('says what is still running', () => {
    const tracking = new Tracking({ sampleRate: 0 });
    tracking.run(() => {
      const text = formatSummary(tracking.tracker.getExecutionSummary('t')!);
      expect(text).toMatch(/^trace [0-9a-f]{32} · 0 ms · running\nROOT {2}Root {2}0\.000 ms {2}running$/);
    });
  });
});
