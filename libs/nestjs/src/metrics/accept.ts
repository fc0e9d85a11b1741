/**
 * Whether the client would rather have OpenMetrics than Prometheus's text. Only versions 0.0.1 and 1.0.0 are spoken;
 * a client that names another one gets text.
 */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  const ranges = (accept ?? '').toLowerCase().split(',').map(rangeOf);
  const quality = (type: string): number =>
    Math.max(0, ...ranges.filter((range) => range.type === type && range.isSpoken).map(({ q }) => q));
  const openMetrics = quality('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= quality('text/plain');
}

interface MediaRange {
  readonly type: string;
  readonly q: number;
  readonly isSpoken: boolean;
}

function rangeOf(text: string): MediaRange {
  const [type = '', ...parts] = text.split(';').map((part) => part.trim());
  const parameters = new Map(parts.map((part) => part.split('=', 2) as [string, string | undefined]));
  const version = parameters.get('version');
  const q = Number(parameters.get('q') ?? 1);
  const isSpoken = type !== 'application/openmetrics-text' || version === undefined || isVersion(version);
  return { type, q: q >= 0 && q <= 1 ? q : 0, isSpoken };
}

function isVersion(version: string): boolean {
  return version === '1.0.0' || version === '0.0.1';
}
