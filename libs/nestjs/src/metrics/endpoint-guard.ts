import { type CanActivate, ForbiddenException, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { MetricsEndpoints } from './metrics-endpoints.js';

/** Lets a request pass or throws what is to be answered. */
export type EndpointGuard = (request: object, response: object) => Promise<void>;

/**
 * The guard of the endpoints as a function.
 * @param owner What a guard sees as the controller, whose metadata it may read.
 * @throws Error when the class of a guard cannot be made.
 */
export async function endpointGuard(
  guard: CanActivate | Type<CanActivate> | undefined,
  owner: typeof MetricsEndpoints,
  moduleRef: ModuleRef,
): Promise<EndpointGuard> {
  if (guard === undefined) return () => Promise.resolve();
  const instance = typeof guard === 'function' ? await instanceOf(guard, moduleRef) : guard;
  return async (request, response) => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- as Nest does: it is there to be asked for metadata
    const context = new ExecutionContextHost([request, response], owner as never, owner.prototype.scrape);
    const passes = instance.canActivate(context);
    const isAllowed = await (isObservable(passes) ? lastValueFrom(passes) : passes);
    if (!isAllowed) throw new ForbiddenException();
  };
}

/** The application's own, otherwise one of ours with the application's dependencies. */
async function instanceOf(guard: Type<CanActivate>, moduleRef: ModuleRef): Promise<CanActivate> {
  try {
    return moduleRef.get<CanActivate>(guard, { strict: false });
  } catch {
    return await moduleRef.create(guard);
  }
}
