/** Numbers names that come again and again, from 1, so that the number will do. */
export class Names {
  readonly #names: string[] = [];
  #numbers = new Map<string, number>();

  /** The number of a name, which is a new one if need be. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.push(name);
    this.#numbers.set(name, number);
    return number;
  }

  /** @throws RangeError when no name has this number. */
  at(number: number): string {
    const name = this.#names[number - 1];
    if (name === undefined) throw new RangeError(`there is no name ${number}`);
    return name;
  }

  /** No further names will come: gives back what was only needed to find their numbers. */
  seal(): void {
    this.#numbers = new Map();
  }
}
