/** Something that is told of once when it goes wrong, and once when it is over. */
export class Outage {
  #isOn = false;

  constructor(
    private readonly tellBegin: (reason: string) => void,
    private readonly tellEnd: () => void,
  ) {}

  begins(error: unknown): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.tellBegin(reasonOf(error));
  }

  ends(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.tellEnd();
  }
}

/** An attempt on several addresses fails with an error that has no message of its own. */
function reasonOf(error: unknown): string {
  const { message, code, name } = error as { message?: string; code?: string; name?: string };
  return message || code || name || String(error);
}
