/**
 * A constructor that returns what it is given, so that a class derived from it puts its private fields on an object of
 * somebody else, where no other code can see, list or copy them. A `WeakMap` would say the same, but of an entry whose value
 * leads back to its key V8 lets go only when it collects the whole heap: every request would outlive the collections of young
 * objects, with all that hangs on it, and that cost more CPU than the rest of the module.
 */
export const Given = function given(target: object): object {
  return target;
} as unknown as new (target: object) => object;
