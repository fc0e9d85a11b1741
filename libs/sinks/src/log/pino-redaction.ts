import { DEFAULT_LOG_LIMITS } from './log-limits.js';
import { REDACTED, redactText } from './redact-text.js';

/** What pino takes as its option `redact`. */
export interface PinoRedaction {
  readonly paths: string[];
  readonly censor: (value: unknown, path: string[]) => unknown;
}

/** Shown without secrets; everything else of these paths is not shown at all. */
const TEXT = new Set(['url', 'message', 'stack', 'referer', 'msg']);

/** What pino and pino-http write of a request, its answer and its error; wildcards cost each line, so there are none. */
const PATHS = [
  ...['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'referer'].map(
    (name) => `req.headers["${name}"]`,
  ),
  'res.headers["set-cookie"]',
  'req.url',
  ...['api_key', 'apiKey', 'access_token', 'token'].map((name) => `req.query.${name}`),
  'err.message',
  'err.stack',
  // Of a line about an error it is the message of that.
  'msg',
];

/**
 * For `pinoHttp: { redact: pinoRedaction() }`, so that the lines that the application and pino-http write are as free
 * of secrets as Followspot's own: request headers, the URL, the message and the stack of errors. What else an
 * application logs is named by paths of its own: `{ ...redaction, paths: [...redaction.paths, 'user.password'] }`.
 */
export function pinoRedaction({ queryText = false }: { readonly queryText?: boolean } = {}): PinoRedaction {
  const query = ['q', 'query', 'question', 'prompt', 'search', 'input', 'messages'].map(
    (name) => `req.query.${name}`,
  );
  return {
    paths: queryText ? [...PATHS] : [...PATHS, ...query],
    censor: (value, path) =>
      typeof value === 'string' && TEXT.has(path.at(-1) ?? '')
        ? redactText(value.slice(0, 4 * DEFAULT_LOG_LIMITS.textLength), queryText)
        : REDACTED,
  };
}
