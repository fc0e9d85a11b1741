import { checkedStageDefinition, type StageOptions } from './stage/stage-definition.js';
import { type Call, currentStage } from './context/context.js';
import { type AttributesOf, runSubstage } from './run-stage.js';
import { countCall } from './counting/count-call.js';
import type { Stage } from './stage/stage.js';
import { isPlain } from './counting/stage-counts.js';
import type { StageDefinition } from './stage/stage-definition.js';
import type { Attributes } from './stage/stage-execution.js';
import { installTracking, isTrackingOn } from './tracking-switch.js';

/** A method of any signature. */
type Method = (...args: never[]) => unknown;

/** A method decorator, for TypeScript's `experimentalDecorators` (NestJS) and for the standard ones. */
export interface TrackStageDecorator {
  <T extends Method>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): void;
  <T extends Method>(method: T, context: ClassMethodDecoratorContext): T;
}

/**
 * Tracks a method as a stage. Whatever it returns (a value, a promise, an Observable, a generator, a stream) comes
 * back as the same type, and the stage lasts until that is finished. A lazy thenable (a query builder) comes back
 * untouched, and only its making is recorded; see {@link StageOptions.followThenable}. A tracked method that is called inside another
 * becomes its substage. Outside a trace it is a plain call.
 *
 * The position among other decorators does not matter: metadata, name and number of parameters stay.
 *
 * @param stageId From a closed set, matching `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`, such as `2.0_CACHE_LOOKUP`.
 * @throws TypeError at decoration, when the id or an option is malformed or what is decorated is not a method.
 */
export function TrackStage<V = unknown, A extends unknown[] = unknown[]>(
  stageId: string,
  options: StageOptions<V, A> = {},
): TrackStageDecorator {
  const definition = checkedStageDefinition(stageId, options);
  const attributes = options.attributes as AttributesReader | undefined;
  const decorate = (target: unknown, keyOrContext: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isStandardContext(keyOrContext)) {
      assertMethod(stageId, keyOrContext.name, keyOrContext.kind === 'method' ? target : undefined);
      return tracked(target as Method, definition, attributes);
    }
    const method: unknown = descriptor?.value;
    // A class decorator gets the class and nothing else.
    assertMethod(stageId, keyOrContext ?? (target as { name?: unknown }).name, method);
    if (descriptor === undefined) return undefined;
    let isApplied = false;
    installTracking(() => {
      if (isApplied) wrapProperty(target as object, keyOrContext as PropertyKey, definition, attributes);
      else descriptor.value = tracked(method, definition, attributes);
    });
    isApplied = true;
    return undefined;
  };
  return decorate as TrackStageDecorator;
}

/** Reads attributes off the value and the arguments, whose types the decorated method knows. */
type AttributesReader = (value: unknown, ...args: unknown[]) => Attributes;

/** Decorates after the fact, whatever other decorators have made of the method since. */
function wrapProperty(
  target: object,
  key: PropertyKey,
  definition: StageDefinition,
  attributes: AttributesReader | undefined,
): void {
  const property = Object.getOwnPropertyDescriptor(target, key);
  if (typeof property?.value !== 'function') return;
  Object.defineProperty(target, key, {
    ...property,
    value: tracked(property.value as Method, definition, attributes),
  });
}

function tracked(
  original: Method,
  definition: StageDefinition,
  attributes: AttributesReader | undefined,
): Method {
  const call = original as Call;
  const isCountable = attributes === undefined && isPlain(definition);
  // Method syntax: like the original, the wrapper cannot be called with `new` and has no prototype.
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it passes on whatever `this` it is called with
  const { wrapper } = {
    wrapper(this: unknown, ...args: unknown[]): unknown {
      const parent = isTrackingOn() ? currentStage() : undefined;
      // Called from here: a plain call costs one frame of the stack. `args` is only passed on, so that V8 does not even
      // make the array.
      if (parent === undefined || !parent.trace.admits(parent, definition)) return call.apply(this, args);
      return isCountable && parent.trace.counts(parent)
        ? countCall(parent, definition, call, this, ...args)
        : runMethod(parent, definition, attributes, call, this, ...args);
    },
  };
  imitate(wrapper, original);
  return wrapper;
}

function runMethod(
  parent: Stage,
  definition: StageDefinition,
  attributes: AttributesReader | undefined,
  call: Call,
  self: unknown,
  ...args: unknown[]
): unknown {
  const attributesOf = attributes && attributesWith(attributes, args);
  return runSubstage(parent, definition, call, self, args, attributesOf);
}

/** Apart, because its closure would make every call allocate what it shares. */
function attributesWith(attributes: AttributesReader, args: readonly unknown[]): AttributesOf {
  return (value) => attributes(value, ...args);
}

/** Gives the wrapper everything that others look for on a method: name, length, own properties, Reflect metadata. */
function imitate(wrapper: object, original: object): void {
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as Partial<ReflectMetadata>;
  if (getOwnMetadataKeys === undefined || getOwnMetadata === undefined || defineMetadata === undefined)
    return;
  for (const key of getOwnMetadataKeys(original)) {
    defineMetadata(key, getOwnMetadata(key, original), wrapper);
  }
}

/** What the package `reflect-metadata` adds to `Reflect`, if the application has loaded it. */
interface ReflectMetadata {
  getOwnMetadataKeys(target: object): unknown[];
  getOwnMetadata(key: unknown, target: object): unknown;
  defineMetadata(key: unknown, value: unknown, target: object): void;
}

interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol;
}

function isStandardContext(value: unknown): value is StandardContext {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function assertMethod(stageId: string, key: unknown, method: unknown): asserts method is Method {
  if (typeof method === 'function') return;
  throw new TypeError(
    `@TrackStage('${stageId}') works on methods, and ${String(key)} is a getter, a setter, a property or a class. ` +
      `Decorate a method, or call tracker.trackStage('${stageId}', () => …) inside it.`,
  );
}
