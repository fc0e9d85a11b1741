import type { AnsweredBy } from './answerer.js';

/** A model has failed when a part of its answer was out already; its cause says how. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';

  constructor({ provider, model }: AnsweredBy, cause: unknown) {
    super(`${provider} ${model} stopped in the middle of the answer`, { cause });
  }
}

/** A model was silent for too long. Not a `TimeoutError`: that it is the provider's fault says more. */
export class ProviderTimeout extends Error {
  override readonly name = 'ProviderTimeout';
}

/** An answer ended before the model had said why it stopped. */
export class AnswerBrokenOff extends Error {
  override readonly name = 'AnswerBrokenOff';

  constructor() {
    super('the answer ended before the model had said that it was complete');
  }
}

/** A model was asked for text and said none: it wanted to call a tool, or its tokens went into thought. */
export class EmptyAnswer extends Error {
  override readonly name = 'EmptyAnswer';

  constructor() {
    super('the answer has no text');
  }
}

/** A model went on and on, past the limit that it was given or does not know. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';

  constructor(maxCharacters: number) {
    super(`the answer has more than ${maxCharacters} characters`);
  }
}

/** A model was not asked, because it has failed too often. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';

  constructor() {
    super('it has failed too often and is left alone for now');
  }
}
