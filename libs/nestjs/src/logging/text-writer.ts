import type { Logger } from '@nestjs/common';
import type { LogWriter } from '@followspot/sinks/log';

/** What is used of Nest's logger. */
type Lines = Pick<Logger, 'debug' | 'log' | 'warn' | 'error'>;

/**
 * The reference's form: `Stage completed: Cache Lookup | stage=2.0_CACHE_LOOKUP | thread_id=… | duration_ms=5.23`.
 * @param logger Without a context of its own: Nest takes longer to add that than a line takes to be put together.
 */
export function textWriter(logger: Lines, context: string): LogWriter {
  return {
    debug: (fields, message) => {
      logger.debug(line(fields, message), context);
    },
    info: (fields, message) => {
      logger.log(line(fields, message), context);
    },
    warn: (fields, message) => {
      logger.warn(line(fields, message), context);
    },
    error: (fields, message) => {
      logger.error(line(fields, message), undefined, context);
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function line(given: object, message: string): string {
  const fields = given as Fields;
  // What the message is about stands in it: a stage has a line of its own name, other events say what they are.
  return fields['event'] === 'stage'
    ? (plainStageLine(fields, message) ?? lineOf(fields, stageMessage(fields, message)))
    : lineOf(fields, message);
}

function stageMessage({ stageName }: Fields, message: string): string {
  return `${message}: ${String(stageName)}`;
}

function lineOf(fields: Fields, message: string): string {
  const isStage = fields['event'] === 'stage';
  let text = onOneLine(message);
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined || (isStage && key === 'event')) continue;
    const label = labels.get(key) ?? labelOf(key);
    if (label !== '') text += label + plain(value);
  }
  const { traceId, threadId } = fields;
  if (traceId === undefined) return text;
  const shownTraceId = typeof traceId === 'string' ? shownId(traceId) : plain(traceId);
  const isSame = threadId === undefined || threadId === traceId;
  return `${text} | thread_id=${isSame ? shownTraceId : plain(threadId)} | trace_id=${shownTraceId}`;
}

/** What the line of a stage begins with. */
interface Head {
  readonly message: string;
  readonly stageName: unknown;
  readonly kind: unknown;
  readonly text: string;
}

/** By stage id. Beyond so many they are forgotten and made again. */
const heads = new Map<unknown, Head>();
const MOST_HEADS = 1_000;

/** Most lines are those of a stage that went well, and begin as the line of that stage did before. */
function plainStageLine(fields: Fields, message: string): string | undefined {
  const { traceId, threadId, stage, stageName, kind, durationMs, outcome, ending, errorType } = fields;
  const isPlain =
    outcome === 'ok' &&
    ending === undefined &&
    errorType === undefined &&
    threadId === undefined &&
    typeof traceId === 'string' &&
    typeof durationMs === 'number';
  if (!isPlain) return undefined;
  let head = heads.get(stage);
  if (head?.stageName !== stageName || head?.kind !== kind || head?.message !== message) {
    const text = lineOf({ stage, kind }, stageMessage(fields, message));
    head = { message, stageName, kind, text: `${text} | duration_ms=` };
    if (heads.size >= MOST_HEADS) heads.clear();
    heads.set(stage, head);
  }
  const shownTraceId = shownId(traceId);
  return `${head.text}${durationMs} | outcome=ok | thread_id=${shownTraceId} | trace_id=${shownTraceId}`;
}

/** Lines of a trace often follow one another. */
let lastId = '';
let lastShownId = '';

function shownId(id: string): string {
  if (id !== lastId) {
    lastShownId = plain(id);
    lastId = id;
  }
  return lastShownId;
}

/** Texts that need no quoting: names of stages, routes, methods. Beyond so many they are forgotten and looked at again. */
const plainTexts = new Set<string>();
const MOST_TEXTS = 1_000;
/** Ids are as long, and each time others. */
const LONGEST_TEXT = 31;

/** Quoted where it could be taken for another field or another line, as an error's message could. */
function plain(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length > LONGEST_TEXT) return isPlain(text) ? text : JSON.stringify(text);
  if (plainTexts.has(text)) return text;
  if (!isPlain(text)) return JSON.stringify(text);
  if (plainTexts.size >= MOST_TEXTS) plainTexts.clear();
  // The names of properties are no parts of longer texts, which those would keep in memory.
  for (const copy of Object.keys({ [text]: true })) plainTexts.add(copy);
  return text;
}

function isPlain(text: string): boolean {
  return /^[\w.:/-]*$/.test(text);
}

/** The message of an error may hold anything; as a whole it is quoted where it would end the line or begin a field. */
function onOneLine(text: string): string {
  return /[\p{Cc}\u2028\u2029|]/u.test(text) ? JSON.stringify(text) : text;
}

/** What stands before the value of a field, whose names are few; empty for those that have a place of their own, or none. */
const labels = new Map(['traceId', 'threadId', 'stageName', 'attributes'].map((key) => [key, '']));

function labelOf(key: string): string {
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const label = ` | ${name}=`;
  labels.set(key, label);
  return label;
}
