/** What keeps the gateway from starting and is not a fault in it; shown without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Reads environment variables. Whatever cannot be meant throws a {@link StartError} with its name and value. */
export class Environment {
  constructor(private readonly variables: Readonly<Record<string, string | undefined>>) {}

  has(name: string): boolean {
    return this.variables[name] !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.variables[name];
    if (value?.trim() === '') throw invalid(name, 'must not be empty; leave it out for the default', value);
    return value;
  }

  /** Text that is sent in a header and never shown. */
  secret(name: string): string | undefined {
    const value = this.variables[name];
    if (value === undefined || /^[!-~]+$/.test(value)) return value;
    throw new StartError(`${name} must be printable ASCII without blanks, got ${value.length} characters`);
  }

  /** A name that may be a label of the metrics. */
  label(name: string): string | undefined {
    const value = this.variables[name];
    if (value === undefined || /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value)) return value;
    throw invalid(
      name,
      'must be 1 to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first',
      value,
    );
  }

  /** Digits only: `Number` would read '' as 0 and '0x1' as 1. */
  wholeNumber(name: string, from: number, to: number): number | undefined {
    const value = this.variables[name];
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= from && number <= to) return number;
    throw invalid(name, `must be a whole number from ${from} to ${to}`, value);
  }

  /** Of money, more than nothing: digits, and after a point at most six more. */
  amount(name: string, to: number): number | undefined {
    const value = this.variables[name];
    if (value === undefined) return undefined;
    const number = /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN;
    if (number > 0 && number <= to) return number;
    throw invalid(name, `must be an amount above 0 and up to ${to}, such as 12.50`, value);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.variables[name];
    if (value === undefined) return undefined;
    const found = allowed.find((word) => word === value);
    if (found !== undefined) return found;
    throw invalid(name, `must be one of ${allowed.join(', ')}`, value);
  }

  flag(name: string): boolean | undefined {
    const value = this.oneOf(name, ['true', 'false']);
    return value === undefined ? undefined : value === 'true';
  }

  url(name: string, schemes: readonly string[]): string | undefined {
    const value = this.variables[name];
    if (value === undefined) return undefined;
    if (schemes.includes(URL.parse(value)?.protocol ?? '')) return value;
    const shown = schemes.map((scheme) => `${scheme}//`).join(' or ');
    throw invalid(name, `must be a URL that starts with ${shown}`, withoutPassword(value));
  }
}

function invalid(name: string, rule: string, value: string): StartError {
  return new StartError(`${name} ${rule}, got ${JSON.stringify(value)}`);
}

function withoutPassword(url: string): string {
  return url.replace(/^(.*?\/\/)?.*@/, '$1***@');
}
