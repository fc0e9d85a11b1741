/** What every variant provides: the same two trivial methods. */
export interface Service {
  addNow(n: number): number;
  addLater(n: number): Promise<number>;
}

// Each variant imports its own copy of this file (a query after the file name makes one), because V8 remembers per
// function what was called where: a shared loop would make every variant pay for the others.

/** Calls the sync method `calls` times and returns the sum of what it returned. */
export function callNow(service: Service, calls: number): number {
  let sum = 0;
  for (let n = 0; n < calls; n += 1) sum += service.addNow(n);
  return sum;
}

/** Calls the async method `calls` times, one after the other, and returns the sum of what it resolved to. */
export async function callLater(service: Service, calls: number): Promise<number> {
  let sum = 0;
  for (let n = 0; n < calls; n += 1) sum += await service.addLater(n);
  return sum;
}
