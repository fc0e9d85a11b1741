// One application that answers with JSON: `node http-server.ts VARIANT ADAPTER`. Its ten steps are stages where the variant
// has the module, spans where it has OpenTelemetry, and plain methods where it has neither.
import { Controller, Get } from '@nestjs/common';
import { serve, variantOfProcess } from './http-app.ts';
import { ANSWER, STEPS } from './http-routes.ts';
import { limitStep } from './limit.ts';

/** Methods that do nothing but answer later, as a look-up in a cache does. */
const steps = Object.fromEntries(
  Array.from({ length: STEPS }, (_, index) => [
    stepName(index),
    async (value: number) => Promise.resolve(value + 1),
  ]),
) as Record<string, (value: number) => Promise<number>>;

class AnswersController {
  plain(): object {
    return ANSWER;
  }

  async staged(): Promise<object> {
    let done = 0;
    for (let index = 0; index < STEPS; index += 1) done = (await steps[stepName(index)]?.(done)) ?? 0;
    return { ...ANSWER, done };
  }
}

function stepName(index: number): string {
  return `step${index + 1}`;
}

/** Decorates as TypeScript does; Node runs no decorators by itself. */
async function decorate(): Promise<void> {
  for (const name of ['plain', 'staged'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(AnswersController.prototype, name);
    if (descriptor !== undefined) Get(name)(AnswersController.prototype, name, descriptor);
  }
  Controller()(AnswersController);
  const { module, limit } = variantOfProcess().variant;
  for (const [name, step] of Object.entries(steps)) {
    if (limit === true) steps[name] = limitStep(step);
    if (globalThis.openTelemetry !== undefined) steps[name] = globalThis.openTelemetry.step(name, step);
  }
  if (module === undefined) return;
  // eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
  const { TrackStage } = await import('@followspot/nestjs');
  for (const [index, name] of Object.keys(steps).entries()) {
    const descriptor = Object.getOwnPropertyDescriptor(steps, name);
    if (descriptor === undefined) continue;
    TrackStage(`${index + 1}.0_STEP`)(steps, name, descriptor);
    Object.defineProperty(steps, name, descriptor);
  }
}

await decorate();
await serve(AnswersController);
