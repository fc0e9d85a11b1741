/** The environment variable that turns tracking off, under the reference's name. */
export const ENABLED_VARIABLE = 'EXECUTION_TRACKING_ENABLED';

let isOn = false;
const waiting: (() => void)[] = [];

/**
 * Called by every recorder that is enabled. It stays on: a decorated method cannot know in whose trace it will run.
 */
export function switchTrackingOn(): void {
  isOn = true;
  for (const install of waiting.splice(0)) install();
}

/**
 * Whether any recorder of this process has ever been enabled. Until then a decorated method asks nothing but this, so
 * that tracking that is turned off costs a few nanoseconds.
 */
export function isTrackingOn(): boolean {
  return isOn;
}

/**
 * Runs `install` now, or not before a recorder is enabled where the environment says that none will be: a method is
 * then not even wrapped. An option may still say otherwise, and options win.
 */
export function installTracking(install: () => void): void {
  if (isOn || !isSwitchedOffByEnvironment()) install();
  else waiting.push(install);
}

function isSwitchedOffByEnvironment(): boolean {
  const value = process.env[ENABLED_VARIABLE]?.trim().toLowerCase();
  return value === 'false' || value === '0';
}
