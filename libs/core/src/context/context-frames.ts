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
  forEach(callback: (value: unknown, storage: unknown) => void): void;
}

/** A frame of Node's own, a Map. */
interface NodeFrame extends ContextFrame {
  set(storage: unknown, value: unknown): unknown;
}

/**
 * The frame in which nobody but us has stored anything: two fields, where a Map has five times as many bytes and takes
 * ten times as long to make. It can do what Node asks of a frame. Where another storage is entered in it, Node copies it
 * into one of its own, and where others are in use already there is never one of these.
 */
class LoneFrame implements ContextFrame {
  readonly #storage: unknown;
  readonly #value: unknown;

  constructor(storage: unknown, value: unknown) {
    this.#storage = storage;
    this.#value = value;
  }

  get size(): number {
    return 1;
  }

  has(storage: unknown): boolean {
    return storage === this.#storage;
  }

  get(storage: unknown): unknown {
    return storage === this.#storage ? this.#value : undefined;
  }

  forEach(callback: (value: unknown, storage: unknown) => void): void {
    callback(this.#value, this.#storage);
  }

  /** For Node, which copies it so. */
  [Symbol.iterator](): Iterator<[unknown, unknown]> {
    return [[this.#storage, this.#value] as [unknown, unknown]].values();
  }

  /** `AsyncLocalStorage.disable` of another storage: it holds nothing here. Nobody has ours. */
  disable(): void {}
}

/**
 * How Node keeps contexts, if it keeps them in frames. `AsyncLocalStorage.run` copies the frame twice, once to enter and
 * once to leave, each time with an iterator. Whoever can put back the frame that was there needs no second copy, and
 * mostly no first one either: one in which nobody but us has stored anything is a {@link LoneFrame}.
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
 */
export function enterFrame<T>(
  frames: ContextFrames,
  outer: ContextFrame | undefined,
  storage: AsyncLocalStorage<T>,
  value: T,
): ContextFrame | undefined {
  const isAlone = outer === undefined || outer instanceof LoneFrame || isOnly(storage, outer);
  if (!isAlone) return enterBeside(outer, frames, storage, value);
  const inner = new LoneFrame(storage, value);
  frames.set(inner);
  return inner;
}

function isOnly(storage: unknown, frame: ContextFrame): boolean {
  return frame.size === 1 && frame.has(storage);
}

/** Where other storages hold something, it is added to the new frame. */
function enterBeside<T>(
  outer: ContextFrame,
  frames: ContextFrames,
  storage: AsyncLocalStorage<T>,
  value: T,
): ContextFrame | undefined {
  frames.set(undefined);
  storage.enterWith(value);
  const inner = frames.current() as NodeFrame | undefined;
  outer.forEach((held, other) => {
    if (other !== storage) inner?.set(other, held);
  });
  return inner;
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
  const further = new AsyncLocalStorage<string>();
  const isCopied = further.run('further', () => storage.getStore() === 'inner' && areOthersKept());
  frames.set(outer);
  const isLeft = frames.current() === outer && storage.getStore() === 'outer' && areOthersKept();
  return isEntered && isRead && isCopied && isLeft;
}
