import type { Figures } from '@followspot/sinks/prometheus';

/** What a person asks first; the answer of `/metrics/summary`. */
export function summaryOf(figures: Figures): object {
  figures.window.advance(Date.now());
  const { requests, streams, providers, caches, traces, self } = figures;
  return {
    uptimeSeconds: Math.round(process.uptime()),
    windowSeconds: 300,
    requests: {
      total: requests.total,
      inFlight: requests.inFlight,
      errorRate: requests.errorShare ?? 0,
      routes: requests.summary(),
    },
    streams: streams.summary(),
    caches: caches.summary(),
    providers: providers.summary(),
    traces: traces.summary(),
    drops: Object.fromEntries([...self.drops].filter(([, count]) => count > 0)),
    internalErrors: self.internalErrors,
  };
}
