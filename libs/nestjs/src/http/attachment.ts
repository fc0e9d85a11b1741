/** A constructor that returns what it is given, so that a class derived from it puts its fields on that. */
export const Given = function given(target: object): object {
  return target;
} as unknown as new (target: object) => object;

/** Something of ours on objects of somebody else, which no other code can see, list or copy. */
export interface Attachment<T> {
  /** Once for each target. */
  attach(target: object, value: T): void;
  of(target: object): T | undefined;
}

/**
 * A private field on an object of somebody else. A `WeakMap` would say the same, but of an entry whose value leads back
 * to its key V8 lets go only when it collects the whole heap: every request would outlive the collections of young
 * objects, with all that hangs on it, and that cost more CPU than the rest of the module.
 */
export function attachment<T>(): Attachment<T> {
  class Attached extends Given {
    readonly #value: T;

    constructor(target: object, value: T) {
      super(target);
      this.#value = value;
    }

    static of(target: object): T | undefined {
      return #value in target ? target.#value : undefined;
    }
  }
  return {
    attach: (target, value) => {
      new Attached(target, value);
    },
    of: (target) => Attached.of(target),
  };
}
