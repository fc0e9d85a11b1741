import { SecretKeys } from './secret-keys.js';

/** Stands where something is not shown. */
export const REDACTED = '[redacted]';

type Rule = readonly [pattern: RegExp, replacement: string];

const NAME =
  '(?:[\\w-]{0,40}(?:api[-_]?key|access[-_]?key|private[-_]?key|token|password|passwd|pwd|passphrase|secret|credentials?|signature)|sig)';
const VALUE = `(?:\\\\?"[^"]*"?|'[^']*'?|[^\\s&"',;)}\\]]+)`;
const QUERY_NAME = '(?:q|search|searchterms?|input|messages|[\\w-]{0,40}(?:query|question|prompt))';

/** Secrets that show by their looks, wherever they stand in a text. No pattern looks back or far ahead. */
const SECRETS: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // A header that was printed: everything up to the end of its line.
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)("?\s*[:=]\s*)[^\r\n]+/gi, `$1$2${REDACTED}`],
  [/\b(bearer)\s+(?!tokens?\b)[\w.~+/-]+=*/gi, `$1 ${REDACTED}`],
  // Not "Basic authentication": base64 mixes the cases.
  [/\b([Bb]asic)\s+(?=[A-Za-z0-9+/]+[0-9A-Z+/=])[\w+/]{4,}=*/g, `$1 ${REDACTED}`],
  // The user part of a URL, also where the text ends within it. What follows a colon may be a port instead.
  [
    /\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s/?#@]*@|[^\s/?#:@[]*:(?!\d{1,5}(?:[/?#\s'"),;\]]|$))\S*?(?:@|$))/gi,
    `$1${REDACTED}@`,
  ],
  // Keys of OpenAI, Anthropic, Stripe; GitHub, GitLab, Slack, AWS, Google, npm, Hugging Face, Groq, xAI.
  [/\b[spr]k[-_][\w-]{8,}/g, REDACTED],
  [
    /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}|A[KS]IA[0-9A-Z]{12,})/g,
    REDACTED,
  ],
  [/\b(?:AIza[\w-]{20,}|npm_\w{16,}|hf_\w{16,}|gsk_\w{16,}|xai-[\w-]{16,})/g, REDACTED],
  // A JSON web token.
  [/\beyJ[\w-]{8,}(?:\.[\w-]*)*/g, REDACTED],
  // `password=…`, `"apiKey": "…"`, `?access_token=…`.
  [new RegExp(`\\b(${NAME}\\\\?["']?\\s*[:=]\\s*)${VALUE}`, 'gi'), `$1${REDACTED}`],
];

const JSON_STRING = '"(?:[^"\\\\]|\\\\[^])*"?';

/** What a person has typed, where JSON carries it, alone or in a list. */
const QUERY_TEXT: readonly Rule[] = [
  [new RegExp(`("${QUERY_NAME}"\\s*:\\s*)${JSON_STRING}`, 'gi'), `$1"${REDACTED}"`],
  [new RegExp(`("${QUERY_NAME}"\\s*:\\s*)\\[(?:${JSON_STRING}|[^"\\]])*\\]?`, 'gi'), `$1"${REDACTED}"`],
];

const ALL: readonly Rule[] = [...SECRETS, ...QUERY_TEXT];

/** A parameter of a URL. Its name may be encoded (`%71`) and nested (`search[q]`, `q[]`), which no pattern sees. */
const PARAMETER = /([?&])([^=&?\s#"'<>]{1,256})=([^&\s#"']*)/g;
const ALL_NAMES = new SecretKeys([], false);
const SECRET_NAMES = new SecretKeys([], true);

/** No rule matches a text without any of these, and most texts have none: one look instead of a dozen. */
const SUSPICIOUS =
  /[:=]|bearer|basic|-----BEGIN|[spr]k[-_]|gh[pousr]_|github_pat|glpat-|xox|A[KS]IA|AIza|npm_|hf_|gsk_|xai-|eyJ/i;

/** Whether there can be anything in a text that {@link redactText} hides. */
export function isSuspicious(text: string): boolean {
  return SUSPICIOUS.test(text);
}

/** The text without secrets, and without query text unless that may be shown. */
export function redactText(text: string, showsQueryText: boolean): string {
  if (!isSuspicious(text)) return text;
  let shown = text;
  for (const [pattern, replacement] of showsQueryText ? SECRETS : ALL)
    shown = shown.replace(pattern, replacement);
  const names = showsQueryText ? SECRET_NAMES : ALL_NAMES;
  return shown.replace(PARAMETER, (parameter, before: string, name: string, value: string) =>
    hidesParameter(names, decoded(name), value) ? `${before}${name}=${REDACTED}` : parameter,
  );
}

/** Whether the value of this parameter must not be shown: the name, or one of those that it is nested in, says so. */
export function hidesParameter(names: SecretKeys, name: string, value: unknown): boolean {
  // In a URL a count is a text, too.
  const said = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return [name, ...name.split(/[[\].]+/)].some((part) => names.hides(part, said));
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
