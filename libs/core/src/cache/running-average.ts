/** So many values are averaged evenly; from then on each new one counts for a hundredth. */
const MEMORY = 100;

/**
 * The mean of the first hundred values, and then an exponentially weighted one, so that a new price or a faster model
 * shows after a few hundred further values and no single one shakes it.
 */
export class RunningAverage {
  #mean: number | undefined;
  #count = 0;

  /** Undefined as long as there was no value. */
  get value(): number | undefined {
    return this.#mean;
  }

  add(value: number): void {
    this.#count = Math.min(this.#count + 1, MEMORY);
    const mean = this.#mean ?? value;
    this.#mean = mean + (value - mean) / this.#count;
  }
}
