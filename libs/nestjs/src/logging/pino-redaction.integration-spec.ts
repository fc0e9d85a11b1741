import 'reflect-metadata';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { pinoRedaction } from '@followspot/sinks/log';
import { Logger, LoggerModule } from 'nestjs-pino';
import { call } from '../testing/http-client.js';
import { startApp } from '../testing/running-app.js';

/** What pino-http writes when a request has ended. */
interface Line {
  readonly req?: { readonly url: string; readonly query: object; readonly headers: object };
  readonly res?: { readonly headers: object };
  readonly err?: object;
}

let onLine: (line: Line) => void = () => {};
const memory = new Writable({
  write: (chunk, _, done) => {
    onLine(JSON.parse(String(chunk)) as Line);
    done();
  },
});

@Controller()
class FailingController {
  @Get('fails')
  fails(): void {
    throw new Error('redis://user:hunter2@cache is away');
  }
}

describe('pinoRedaction', () => {
  beforeEach(() => {
    onLine = () => {};
  });

  it("keeps secrets and query text out of pino-http's own lines", async () => {
    const app = await startApp('express', {
      controllers: [FailingController],
      imports: [LoggerModule.forRoot({ pinoHttp: [{ redact: pinoRedaction() }, memory] })],
      configure: (nest) => {
        nest.use(
          (_: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
            response.setHeader('set-cookie', 'sid=hunter2');
            next();
          },
        );
        nest.useLogger(nest.get(Logger));
      },
    });
    const lines: Line[] = [];
    const ended = new Promise<Line>((resolve) => {
      onLine = (line) => {
        lines.push(line);
        if (line.res !== undefined) resolve(line);
      };
    });
    const headers = {
      authorization: 'Bearer hunter2hunter2',
      cookie: 'sid=hunter2',
      'x-api-key': 'hunter2',
      'api-key': 'hunter2',
      'x-goog-api-key': 'hunter2',
      'x-auth-token': 'hunter2',
      referer: 'http://h/?token=hunter2&page=1',
    };
    await call(
      app.port,
      '/fails?q=my+illness&page=2&api_key=hunter2&search[q]=illness&%71=illness&q[]=illness',
      { headers },
    );
    const { req, res } = await ended;
    await app.close();
    expect(req).toMatchObject({
      url: '/fails?q=[redacted]&page=2&api_key=[redacted]&search[q]=[redacted]&%71=[redacted]&q[]=[redacted]',
      query: { q: '[redacted]', page: '2', api_key: '[redacted]', 'search[q]': '[redacted]' },
      headers: {
        authorization: '[redacted]',
        cookie: '[redacted]',
        'x-api-key': '[redacted]',
        'api-key': '[redacted]',
        'x-goog-api-key': '[redacted]',
        'x-auth-token': '[redacted]',
        referer: 'http://h/?token=[redacted]&page=1',
      },
    });
    expect(res?.headers).toMatchObject({ 'set-cookie': '[redacted]' });
    expect(lines.some(({ err }) => err !== undefined)).toBe(true);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|illness/);
  });
});
