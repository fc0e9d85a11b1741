/**
 * The client for which a shared answer was worked out has left, and the work ended with it. Whoever else waits has to
 * see to it; that is no failure, and so the stage that waited is cancelled (which is what the name says).
 */
export class LeaderLeft extends Error {
  override readonly name = 'AbortError';

  constructor(traceId: string) {
    super(`the client of ${traceId}, which worked out the answer, has left`);
  }
}

/** The answer that several wait for has failed. What it failed with is the cause, and belongs to another trace. */
export class SharedAnswerFailed extends Error {
  override readonly name = 'SharedAnswerFailed';

  constructor(traceId: string, cause: unknown) {
    super(`the answer that ${traceId} worked out has failed`, { cause });
  }
}
