import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Prompt, ProviderCall } from './provider-call.js';
import { ProviderMeter } from './provider-meter.js';
import type { StageListener } from '../stage/stage-listener.js';

const UNNAMED = Object.freeze({});

/** Measures a stage of which is only said that it is a call to a provider; to whom is for the application to say. */
export function meterOfProvider(stage: Stage): StageListener {
  return new ProviderMeter(stage, UNNAMED);
}

/** The definition whose executions are measured as calls to a provider, if it is to be one. */
export function withProvider(
  definition: StageDefinition,
  provider: ProviderCall | ((...args: never) => ProviderCall) | undefined,
): StageDefinition {
  if (provider === undefined) return definition;
  if (typeof provider !== 'function') return measuring(definition, provider);
  const callOf = provider as (...args: unknown[]) => ProviderCall;
  return { ...definition, forCall: (args) => measuring(definition, callOf(...args)) };
}

function measuring(definition: StageDefinition, call: ProviderCall): StageDefinition {
  const measured = (measuredCall: ProviderCall): StageDefinition => ({
    ...definition,
    listener: (stage) => new ProviderMeter(stage, measuredCall),
  });
  return call.prompt === undefined
    ? measured(call)
    : { ...measured(call), afterEnd: measured(withoutHolding(call.prompt, call)) };
}

/** For a stream that is used again: whoever can start it once more has the messages, and so they are still there. */
function withoutHolding(prompt: Prompt, call: ProviderCall): ProviderCall {
  const messages = typeof prompt === 'string' ? undefined : new WeakRef(prompt);
  return {
    ...call,
    get prompt(): Prompt | undefined {
      return messages?.deref();
    },
  };
}
