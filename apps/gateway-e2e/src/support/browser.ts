import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** The program; undefined when it is not installed. */
export const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));

/** Nothing that would reach out to any other machine, and nothing that a container has not got. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium without a window, with a new profile that is thrown away. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: String(chromiumPath), headless: true, args: FLAGS });
}
