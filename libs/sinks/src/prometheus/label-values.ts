/** What a label says of a value beyond its bound. */
export const OTHER = 'other';
/** What a label says where the stage does not tell. */
export const UNKNOWN = 'unknown';

/** How often a bound of the sink was reached. */
export interface LabelDrops {
  /** Stages whose value of a label was one too many and counts as `other`. */
  labelValues: number;
  /** Combinations of labels that were one too many and count as `other`. */
  labelSets: number;
}

/** The bounds of the sink. */
export interface LabelLimits {
  /** Different values of one label. */
  readonly labelValues: number;
  /** Different combinations of labels of one metric. */
  readonly labelSets: number;
}

/** The values of one label: the first so many; what comes later is `other`. Labels live as long as the process. */
export class LabelValues {
  readonly #known = new Set<string>();

  constructor(
    private readonly limits: LabelLimits,
    private readonly drops: LabelDrops,
  ) {}

  /** The value as a label has it. Asked only for what is not known to the caller yet. */
  admit(value: unknown): string {
    const text = textOf(value);
    if (this.#known.has(text)) return text;
    if (this.#known.size >= this.limits.labelValues) {
      this.drops.labelValues += 1;
      return OTHER;
    }
    this.#known.add(text);
    return text;
  }
}

/** Half a surrogate pair becomes U+FFFD on the wire: two values that differ only there would be one series twice. */
function textOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value.toWellFormed();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : UNKNOWN;
}

/**
 * What is counted per value of a label. A value that is known costs one look-up in a Map; `__proto__` is a value like
 * any other.
 */
export class ByLabel<T> {
  readonly #figures = new Map<unknown, T>();

  constructor(
    private readonly values: LabelValues,
    private readonly make: (value: string) => T,
  ) {}

  get(value: unknown): T {
    return this.#figures.get(value) ?? this.#admitted(value);
  }

  all(): IterableIterator<T> {
    return this.#figures.values();
  }

  #admitted(value: unknown): T {
    const label = this.values.admit(value);
    let figures = this.#figures.get(label);
    if (figures === undefined) {
      figures = this.make(label);
      this.#figures.set(label, figures);
    }
    return figures;
  }
}

/** Counts combinations of labels against the bound. */
export class LabelSets {
  #count = 0;

  constructor(
    private readonly limits: LabelLimits,
    private readonly drops: LabelDrops,
  ) {}

  get isFull(): boolean {
    return this.#count >= this.limits.labelSets;
  }

  /** Whether there is room for one more. */
  admitsOneMore(): boolean {
    if (this.isFull) {
      this.drops.labelSets += 1;
      return false;
    }
    this.#count += 1;
    return true;
  }
}
