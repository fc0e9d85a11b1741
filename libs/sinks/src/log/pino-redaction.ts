import { Loggable } from './loggable.js';
import { DEFAULT_LOG_LIMITS } from './log-limits.js';
import { hidesParameter, REDACTED, redactText } from './redact-text.js';
import { SecretKeys } from './secret-keys.js';

/** What pino takes as its option `redact`. */
export interface PinoRedaction {
  readonly paths: string[];
  readonly censor: (value: unknown, path: string[]) => unknown;
}

/** Shown without secrets. */
const TEXTS = ['req.url', 'err.message', 'err.stack', 'msg'];
/** Shown as copies without what its name or its looks give away. */
const OBJECTS = ['req.headers', 'req.query', 'res.headers'];

/**
 * For `pinoHttp: { redact: pinoRedaction() }`, so that the lines that the application and pino-http write are as free
 * of secrets as Followspot's own: headers, the query and the URL of requests, headers of answers, the message and the
 * stack of errors. What else an application logs is named by paths of its own:
 * `{ ...redaction, paths: [...redaction.paths, 'user.password'] }`.
 */
export function pinoRedaction({ queryText = false }: { readonly queryText?: boolean } = {}): PinoRedaction {
  const keys = new SecretKeys([], queryText);
  const copyOf = (value: unknown): unknown =>
    new Loggable({ limits: DEFAULT_LOG_LIMITS, keys, showsQueryText: queryText }).copy(value);
  return {
    // pino-http's `msg` of a line about an error is the message of that. Wildcards cost each line, so there are none.
    paths: [...TEXTS, ...OBJECTS],
    censor: (value, path) => {
      const place = path.join('.');
      if (typeof value === 'string' && TEXTS.includes(place)) {
        return redactText(value.slice(0, 4 * DEFAULT_LOG_LIMITS.textLength), queryText);
      }
      if (!OBJECTS.includes(place)) return REDACTED;
      return copyOf(place === 'req.query' ? withoutParameters(value, keys) : value);
    },
  };
}

/** Express's simple parser leaves `search[q]` as one name. */
function withoutParameters(query: unknown, keys: SecretKeys): unknown {
  if (typeof query !== 'object' || query === null) return query;
  const shown = Object.entries(query).map(([name, value]) => [
    name,
    hidesParameter(keys, name, value) ? REDACTED : (value as unknown),
  ]);
  return Object.fromEntries(shown);
}
