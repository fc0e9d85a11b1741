import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** Node's frames (24 and later): a frame maps every AsyncLocalStorage to what it holds, and one of them is current. */
export interface ContextFrames {
  current(): ContextFrame | undefined;
  set(frame: ContextFrame | undefined): void;
}

/** Never changed once work has been started in it, because everything that the work starts shares it. */
export interface ContextFrame {
  readonly size: number;
  has(storage: unknown): boolean;
  get(storage: unknown): unknown;
  set(storage: unknown, value: unknown): unknown;
  forEach(callback: (value: unknown, storage: unknown) => void): void;
}

/**
 * How Node keeps contexts, if it keeps them in frames. `AsyncLocalStorage.run` copies the frame twice, once to enter and
 * once to leave, each time with an iterator. Whoever can put back the frame that was there needs no second copy, and
 * mostly no first one either: a frame in which nobody but us has stored anything is made afresh. That costs a sixth.
 *
 * Frames are no public interface: they are found where a resource keeps the one it was made in, and used only if they
 * turn out to do what is needed. Everywhere else `run` does it.
 */
export function findContextFrames(): ContextFrames | undefined {
  try {
    // In the scope of a resource, because `run` would leave a trace of the probe in the frame of whoever imports this.
    return new AsyncResource('FollowspotProbe').runInAsyncScope(probe);
  } catch {
    return undefined;
  }
}

/**
 * Makes a frame current in which `storage` holds `value`, and everything else is as in `outer`, the current one. Returns
 * it. Should that fail, as in a stack overflow, the current frame is unfinished, and the caller has to put back `outer`.
 * @param isThere Whether the caller knows that `storage` is in `outer` already, and nobody has to look.
 */
export function enterFrame<T>(
  frames: ContextFrames,
  outer: ContextFrame | undefined,
  storage: AsyncLocalStorage<T>,
  value: T,
  isThere = false,
): ContextFrame | undefined {
  frames.set(undefined);
  storage.enterWith(value);
  const inner = frames.current();
  const isAlone = outer === undefined || (outer.size === 1 && (isThere || outer.has(storage)));
  if (!isAlone) addOthers(inner, outer, storage);
  return inner;
}

function addOthers(inner: ContextFrame | undefined, outer: ContextFrame, storage: unknown): void {
  outer.forEach((value, other) => {
    if (other !== storage) inner?.set(other, value);
  });
}

function probe(): ContextFrames | undefined {
  const storage = new AsyncLocalStorage<string>();
  const other = new AsyncLocalStorage<string>();
  const isRight = (frames: ContextFrames, others: string | undefined): boolean =>
    isAsExpected(frames, storage, () => other.getStore() === others);
  return storage.run('outer', () => {
    const frames = framesOf(storage);
    if (frames === undefined || !isRight(frames, undefined)) return undefined;
    return other.run('other', () => (isRight(frames, 'other') ? frames : undefined));
  });
}

/** The class of the frame in which a resource is made now. */
function framesOf(storage: AsyncLocalStorage<string>): ContextFrames | undefined {
  const resource = new AsyncResource('FollowspotProbe');
  const values = Object.getOwnPropertySymbols(resource).map((key): unknown => Reflect.get(resource, key));
  const frame = values.find(
    (value) => (value as Partial<ContextFrame> | undefined)?.get?.(storage) === 'outer',
  );
  return frame?.constructor as unknown as ContextFrames | undefined;
}

/** Enters and leaves as a stage does. It also has Node compile all of that, which must not fail in a stack overflow. */
function isAsExpected(
  frames: ContextFrames,
  storage: AsyncLocalStorage<string>,
  areOthersKept: () => boolean,
): boolean {
  const outer = frames.current();
  const inner = enterFrame(frames, outer, storage, 'inner');
  const isEntered = inner !== outer && storage.getStore() === 'inner' && areOthersKept();
  const isRead = frames.current() === inner && inner?.get(storage) === 'inner';
  frames.set(outer);
  const isLeft = frames.current() === outer && storage.getStore() === 'outer' && areOthersKept();
  return isEntered && isRead && isLeft;
}
