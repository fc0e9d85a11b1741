/** Any function that is called by its properties and not by its type. */
type AnyFunction = (...args: unknown[]) => unknown;

/**
 * A proxy in the place of an object that has methods and private fields of its own: the same class, the same keys, and
 * everything is done by the original, apart from the methods that are exchanged. A method that returns its own object,
 * as builders do, returns the stand-in, so that what follows in the chain is followed too.
 */
export function standInFor<T extends object>(original: T, exchanged: ReadonlyMap<PropertyKey, unknown>): T {
  const methods = new WeakMap<AnyFunction, unknown>();
  const standIn: T = new Proxy(original, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || key === 'constructor' || isFixed(target, key)) return value;
      return exchanged.get(key) ?? methodOf(value as AnyFunction);
    },
    // A setter, too, may use private fields.
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });

  /** A proxy again, so that whatever the function carries stays on it; one for each, so that it equals itself. */
  function methodOf(method: AnyFunction): unknown {
    const known = methods.get(method);
    if (known !== undefined) return known;
    const onOriginal = new Proxy(method, {
      apply(call, self, args) {
        const result: unknown = Reflect.apply(call, self === standIn ? original : self, args);
        return result === original ? standIn : result;
      },
    });
    methods.set(method, onOriginal);
    return onOriginal;
  }
  return standIn;
}

/** A proxy must return such a property as it is. */
export function isFixed(target: object, key: PropertyKey): boolean {
  const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
  return descriptor?.configurable === false && descriptor.writable === false;
}
