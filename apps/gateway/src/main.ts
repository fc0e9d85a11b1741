import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { StartError } from './config/environment.js';
import { GatewayConfig } from './config/gateway-config.js';
import { explainListenError } from './config/listen-error.js';

async function start(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    // Until the real logger is there, lines wait for it; a failed start is told once, below.
    bufferLogs: true,
    logger: false,
    abortOnError: false,
    // Without it `close` waits for the last open stream, for ever.
    forceCloseConnections: true,
  });
  const logger = app.get(Logger);
  app.useLogger(logger);
  // Otherwise lines wait until the gateway listens, and indexing would show no progress.
  app.flushLogs();
  // Exit code 0: to be stopped is what a server is for.
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  const { host, port } = app.get(GatewayConfig);
  await app.listen(port, host).catch((error: unknown) => {
    throw explainListenError(error, host, port);
  });
  logger.log(`Listening on ${await app.getUrl()}`, 'Gateway');
}

try {
  await start();
} catch (error) {
  const shown = error instanceof StartError ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`The gateway did not start: ${shown}\n`);
  process.exit(1);
}
