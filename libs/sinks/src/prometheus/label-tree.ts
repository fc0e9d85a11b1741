import { ByLabel, type LabelSets, type LabelValues, OTHER } from './label-values.js';
import type { Labels } from './sample.js';

/**
 * What is counted per combination of several labels: one look-up per label, and no key is built. Combinations beyond
 * the bound share one, in which every label is `other`.
 */
export class LabelTree<T> {
  readonly #labels: readonly (readonly [name: string, values: LabelValues])[];
  readonly #sets: LabelSets;
  readonly #make: (labels: Labels) => T;
  readonly #root: unknown;
  readonly #all: T[] = [];
  #other: T | undefined;

  /** @param labels The values of each label by its name, from the outermost. */
  constructor(labels: Readonly<Record<string, LabelValues>>, sets: LabelSets, make: (labels: Labels) => T) {
    this.#labels = Object.entries(labels);
    this.#sets = sets;
    this.#make = make;
    this.#root = this.#below([]);
  }

  /** @param given One for each label. */
  get(...given: readonly unknown[]): T {
    let found = this.#root;
    for (const value of given) {
      // Where the bound was reached the way ends early.
      if (!(found instanceof ByLabel)) break;
      found = found.get(value);
    }
    return found as T;
  }

  all(): readonly T[] {
    return this.#all;
  }

  #below(path: readonly string[]): unknown {
    const [, values] = this.#labels[path.length] ?? [];
    // Beyond the bound not even a branch: there would be one for each value of each label before it.
    if (values === undefined || (path.length > 0 && this.#sets.isFull)) return this.#leaf(path);
    return new ByLabel<unknown>(values, (value) => this.#below([...path, value]));
  }

  #leaf(path: readonly string[]): T {
    const isOther = path.every((value) => value === OTHER);
    if (!isOther && this.#sets.admitsOneMore()) return this.#made(path);
    return (this.#other ??= this.#made([]));
  }

  #made(path: readonly string[]): T {
    const made = this.#make(
      Object.fromEntries(this.#labels.map(([name], index) => [name, path[index] ?? OTHER])),
    );
    this.#all.push(made);
    return made;
  }
}
