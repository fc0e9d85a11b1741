import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogWriter } from './log-writer.js';

describe('Without nestjs-pino the writer of lines', () => {
  afterEach(() => {
    Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
  });

  it('knows whether Nest was told to leave lines at debug out', async () => {
    const { isLevelEnabled } = await createLogWriter();
    Logger.overrideLogger(['log', 'debug']);
    expect(isLevelEnabled?.('debug')).toBe(true);
    Logger.overrideLogger(['log']);
    expect(isLevelEnabled?.('debug')).toBe(false);
  });

  it('keeps no other line back: another logger than Nest knows may have taken its place', async () => {
    const { isLevelEnabled } = await createLogWriter();
    Logger.overrideLogger([]);
    expect((['info', 'warn', 'error'] as const).map((level) => isLevelEnabled?.(level))).toEqual([
      true,
      true,
      true,
    ]);
  });
});
