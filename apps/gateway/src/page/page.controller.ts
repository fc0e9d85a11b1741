import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Controller, Get, Headers, NotFoundException, Param, Res, StreamableFile } from '@nestjs/common';

/** Beside `src` and `dist`, so that it is served as it is and nothing has to be copied. */
const FOLDER = join(import.meta.dirname, '../../public');

/** What is served, and as what. */
const FILES = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['page.css', 'text/css; charset=utf-8'],
  ['page.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
]);

/** Nothing but the page's own files runs or is shown, and text can never become markup. */
const SECURITY_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

const WELCOME = {
  gateway: 'Searches the documentation of what you have installed, and shows what every request did.',
  try: [
    "curl -N 'http://HOST:PORT/search?q=how+can+I+log+JSON+with+pino'",
    "curl -H 'Accept: text/plain' http://HOST:PORT/traces/<the X-Trace-ID of any response>",
    'curl http://HOST:PORT/stages/3.0_RETRIEVAL/statistics?limit=100',
  ],
};

/** The search page for browsers, and what to try for everybody else. */
@Controller()
export class PageController {
  @Get()
  async welcome(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<StreamableFile | object> {
    response.setHeader('Vary', 'Accept');
    return accept?.includes('text/html') === true ? this.file('index.html', response) : WELCOME;
  }

  /** @throws NotFoundException for any name but those of the page's own files. */
  @Get('page/:name')
  async file(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<StreamableFile> {
    const type = FILES.get(name);
    if (type === undefined) throw new NotFoundException('The page has no such file');
    const headers = { ...SECURITY_HEADERS, 'Cache-Control': 'no-cache' };
    for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
    return new StreamableFile(await readFile(join(FOLDER, name)), { type });
  }
}
