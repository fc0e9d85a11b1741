/** Whether an error says that its work was stopped on purpose, as the platform and Node name it. Never throws. */
export function isAbortError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { name, code } = error as { name?: unknown; code?: unknown };
    return name === 'AbortError' || code === 'ABORT_ERR';
  } catch {
    // A getter that throws.
    return false;
  }
}
