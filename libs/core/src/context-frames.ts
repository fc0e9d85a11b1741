import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * Node's frames (24 and later): a frame is an immutable map of what every AsyncLocalStorage holds, and one of them is
 * current.
 */
export interface ContextFrames {
  current(): ContextFrame | undefined;
  set(frame: ContextFrame | undefined): void;
}

interface ContextFrame {
  get(storage: unknown): unknown;
}

/**
 * How Node keeps contexts, if it keeps them in frames. `AsyncLocalStorage.run` copies the frame twice, once to enter and
 * once to leave; whoever can put the frame back that was there needs the first copy only, which is the half of what it
 * costs. Frames are no public interface: they are found where a resource keeps the one it was made in, and used only if
 * they turn out to do what is needed. Everywhere else `run` does it.
 */
export function findContextFrames(): ContextFrames | undefined {
  try {
    // In the scope of a resource, because `run` would leave a trace of the probe in the frame of whoever imports this.
    return new AsyncResource('FollowspotProbe').runInAsyncScope(probe);
  } catch {
    return undefined;
  }
}

function probe(): ContextFrames | undefined {
  const storage = new AsyncLocalStorage<string>();
  const other = new AsyncLocalStorage<string>();
  return other.run('other', () =>
    storage.run('outer', () => {
      const frames = framesOf(storage);
      return frames !== undefined && isAsExpected(frames, storage, other) ? frames : undefined;
    }),
  );
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
  other: AsyncLocalStorage<string>,
): boolean {
  const outer = frames.current();
  storage.enterWith('inner');
  const inner = frames.current();
  const isEntered = inner !== outer && storage.getStore() === 'inner' && other.getStore() === 'other';
  frames.set(outer);
  return (
    isEntered &&
    frames.current() === outer &&
    storage.getStore() === 'outer' &&
    other.getStore() === 'other' &&
    outer?.get(storage) === 'outer' &&
    inner?.get(storage) === 'inner'
  );
}
