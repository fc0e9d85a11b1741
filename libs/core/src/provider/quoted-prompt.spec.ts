import { describe, expect, it } from '@jest/globals';
import { describeError } from '../stage/describe-error.js';
import { Tracking } from '../testing/tracking.js';

const CALL = { provider: 'openai', stageId: 'LLM' };
const redact = (text: string): string => text.replaceAll(/sk-\d+/g, '***');

/** A call that fails below a stage whose error names that of the call as its cause. */
async function failing(tracking: Tracking, error: unknown): Promise<void> {
  const { tracker } = tracking;
  const call = (): Promise<never> => tracker.trackProvider(CALL, () => Promise.reject(error as Error));
  const answer = tracking.run(() =>
    tracker.trackStage('ANSWER', () =>
      call().catch((cause: unknown) => {
        throw new Error(`no answer: ${(cause as Error).message}`, { cause });
      }),
    ),
  );
  await expect(answer).rejects.toThrow('sk-123');
}

describe('An error of a provider that quotes the prompt', () => {
  const quoting = (): Error =>
    new Error("400 Invalid prompt: 'my key is sk-123'", { cause: new Error('sk-123 is too long') });

  it('is redacted on its stage, on those above and where it is the cause; what is thrown stays as it is', async () => {
    const tracking = new Tracking({ provider: { redact } });
    const error = quoting();
    await failing(tracking, error);
    expect(tracking.stage('LLM')).toMatchObject({
      errorMessage: "400 Invalid prompt: 'my key is ***'",
      errorCauses: ['Error: *** is too long'],
    });
    expect(tracking.stage('ANSWER')).toMatchObject({
      errorMessage: "no answer: 400 Invalid prompt: 'my key is ***'",
      errorCauses: ["Error: 400 Invalid prompt: 'my key is ***'", 'Error: *** is too long'],
    });
    expect(JSON.stringify(tracking.summary)).not.toContain('sk-');
    expect(describeError(error, 100).message).toBe("400 Invalid prompt: 'my key is ***'");
    expect(error.message).toContain('sk-123');
  });

  it('is redacted before it is cut', async () => {
    const tracking = new Tracking({ limits: { attributeLength: 12 }, provider: { redact } });
    await failing(tracking, new Error('for key sk-123 and so on'));
    expect(tracking.stage('LLM').errorMessage).toBe('for key *** ');
  });

  it('says nothing but its class where the redaction fails', async () => {
    const tracking = new Tracking({
      provider: {
        redact: () => {
          throw new Error('mine');
        },
      },
    });
    await failing(tracking, quoting());
    expect(tracking.stage('LLM')).toMatchObject({ errorType: 'Error', errorMessage: '', errorCauses: [''] });
    expect(tracking.tracker.getDropCounts().internalErrors).toBeGreaterThan(0);
  });

  it('is recorded as it is where no redaction is given', async () => {
    const tracking = new Tracking();
    await failing(tracking, quoting());
    expect(tracking.stage('LLM').errorMessage).toContain('sk-123');
  });

  it('is not one that fails beside a provider', async () => {
    const tracking = new Tracking({ provider: { redact } });
    const own = tracking.run(() =>
      tracking.tracker.trackStage('OWN', () => Promise.reject(new Error('sk-123 is for people'))),
    );
    await expect(own).rejects.toThrow();
    expect(tracking.stage('OWN').errorMessage).toBe('sk-123 is for people');
  });
});
