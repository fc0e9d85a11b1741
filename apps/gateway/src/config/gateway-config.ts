import { type Endpoint, endpointsOf } from './endpoint.js';
import { Environment } from './environment.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Every setting of the gateway. All come from the environment, and all have a default. Followspot reads its own,
 * `EXECUTION_TRACKING_ENABLED` and `EXECUTION_TRACKING_SAMPLE_RATE`, itself.
 */
export class GatewayConfig {
  /** `HOST`, the address to listen on. Default 127.0.0.1. */
  readonly host: string;
  /** `PORT`, 0 for any free one. Default 3000. */
  readonly port: number;
  /** `LOG_LEVEL`, a level of pino. Default info. */
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Whether `NODE_ENV` is unset or `development`. Then every trace is kept and may be forced. */
  readonly isDevelopment: boolean;
  /** `CORPUS_DIR`, a folder of Markdown files. Default: the README files of the installed packages. */
  readonly corpusDir: string | undefined;
  /** `REDIS_URL`, where the second level of the cache is. Default: there is none. */
  readonly redisUrl: string | undefined;
  /** `REDIS_TIMEOUT_MS`, how long a search waits for Redis before it goes on without. Default 500. */
  readonly redisTimeoutMs: number;
  /** `L1_MAX_ANSWERS`, how many answers are cached in memory; the least recently used makes room. Default 1,000. */
  readonly l1MaxAnswers: number;
  /** `L1_MAX_BYTES`, how much text they may have together. Default 16 MiB. */
  readonly l1MaxBytes: number;
  /** `L1_TTL_MS`, for how long. Default 300,000. */
  readonly l1TtlMs: number;
  /** `L2_TTL_SECONDS`, how long an answer stays in Redis. Default 3,600. */
  readonly l2TtlSeconds: number;
  /** `FLIGHT_EVENTS`, how many events of an answer are kept for those who join while it streams. Default 1,000. */
  readonly flightEvents: number;
  /** `HEARTBEAT_MS`, after how much silence a stream sends an SSE comment. Default 15,000. */
  readonly heartbeatMs: number;
  /** `RETRY_MS`, how long a client whose stream breaks off should wait before it comes back. Default 1,000. */
  readonly retryMs: number;
  /** `REPLAY_EVENTS`, how many events of a stream are kept for clients that come back. Default 1,000. */
  readonly replayEvents: number;
  /** `REPLAY_STREAMS`, of how many streams. Default 200. */
  readonly replayStreams: number;
  /** `REPLAY_TTL_MS`, for how long after a stream has ended or broken off. Default 60,000. */
  readonly replayTtlMs: number;
  /** The models that are asked, in this order; see {@link endpointsOf}. Default none: answers are quoted. */
  readonly endpoints: readonly Endpoint[];
  /** `PROVIDER_FIRST_CHUNK_TIMEOUT_MS`, how long a model may take to its first content. Default 30,000. */
  readonly firstChunkTimeoutMs: number;
  /** `PROVIDER_STALL_TIMEOUT_MS`, how long it may then be silent. Default 15,000. */
  readonly stallTimeoutMs: number;
  /** `PROVIDER_BREAKER_FAILURES`, after how many failures in a row a model is no longer asked. Default 5. */
  readonly breakerFailures: number;
  /** `PROVIDER_BREAKER_OPEN_MS`, after how long it is tried again. Default 30,000. */
  readonly breakerOpenMs: number;
  /** `PROMPT_MAX_CHARACTERS`, how long a prompt to a model may get. Default 12,000. */
  readonly promptMaxCharacters: number;
  /** `ANSWER_MAX_WORDS`, how long an answer may get. Default 120. */
  readonly answerMaxWords: number;
  /** `ANSWER_MAX_TOKENS`, how many tokens a model may answer with, its thought included. Default 4,096. */
  readonly answerMaxTokens: number;
  /** `MONTHLY_BUDGET`, what calls of models may cost in a month, in US dollars. Default: there is no budget. */
  readonly monthlyBudget: number | undefined;
  /** `FORCE_TRACKING_HEADER`, whether `X-Force-Tracking: 1` is honoured. Default: in development only. */
  readonly isForceHeaderHonoured: boolean;
  /** The share of traces to keep; undefined leaves it to Followspot: its variable, otherwise its default. */
  readonly sampleRate: number | undefined;

  /** @throws StartError naming the variable and its value. */
  constructor(variables: Readonly<Record<string, string | undefined>>) {
    const environment = new Environment(variables);
    this.host = environment.text('HOST') ?? '127.0.0.1';
    this.port = environment.wholeNumber('PORT', 0, 65_535) ?? 3_000;
    this.logLevel = environment.oneOf('LOG_LEVEL', LOG_LEVELS) ?? 'info';
    this.isDevelopment = (variables['NODE_ENV'] ?? 'development') === 'development';
    this.corpusDir = environment.text('CORPUS_DIR');
    this.redisUrl = environment.url('REDIS_URL', ['redis:', 'rediss:']);
    this.redisTimeoutMs = environment.wholeNumber('REDIS_TIMEOUT_MS', 1, 60_000) ?? 500;
    this.l1MaxAnswers = environment.wholeNumber('L1_MAX_ANSWERS', 1, 1_000_000) ?? 1_000;
    this.l1MaxBytes = environment.wholeNumber('L1_MAX_BYTES', 1, 2 ** 32) ?? 16 * 1024 * 1024;
    this.l1TtlMs = environment.wholeNumber('L1_TTL_MS', 1, 86_400_000) ?? 300_000;
    this.l2TtlSeconds = environment.wholeNumber('L2_TTL_SECONDS', 1, 31_536_000) ?? 3_600;
    this.flightEvents = environment.wholeNumber('FLIGHT_EVENTS', 1, 1_000_000) ?? 1_000;
    this.heartbeatMs = environment.wholeNumber('HEARTBEAT_MS', 1, 3_600_000) ?? 15_000;
    this.retryMs = environment.wholeNumber('RETRY_MS', 1, 3_600_000) ?? 1_000;
    this.replayEvents = environment.wholeNumber('REPLAY_EVENTS', 1, 1_000_000) ?? 1_000;
    this.replayStreams = environment.wholeNumber('REPLAY_STREAMS', 1, 100_000) ?? 200;
    this.replayTtlMs = environment.wholeNumber('REPLAY_TTL_MS', 1, 86_400_000) ?? 60_000;
    this.endpoints = endpointsOf(environment);
    this.firstChunkTimeoutMs =
      environment.wholeNumber('PROVIDER_FIRST_CHUNK_TIMEOUT_MS', 1, 600_000) ?? 30_000;
    this.stallTimeoutMs = environment.wholeNumber('PROVIDER_STALL_TIMEOUT_MS', 1, 600_000) ?? 15_000;
    this.breakerFailures = environment.wholeNumber('PROVIDER_BREAKER_FAILURES', 1, 1_000) ?? 5;
    this.breakerOpenMs = environment.wholeNumber('PROVIDER_BREAKER_OPEN_MS', 1, 3_600_000) ?? 30_000;
    this.promptMaxCharacters = environment.wholeNumber('PROMPT_MAX_CHARACTERS', 2_000, 1_000_000) ?? 12_000;
    this.answerMaxWords = environment.wholeNumber('ANSWER_MAX_WORDS', 1, 1_000_000) ?? 120;
    this.answerMaxTokens = environment.wholeNumber('ANSWER_MAX_TOKENS', 1, 1_000_000) ?? 4_096;
    this.monthlyBudget = environment.amount('MONTHLY_BUDGET', 999_999_999);
    this.isForceHeaderHonoured = environment.flag('FORCE_TRACKING_HEADER') ?? this.isDevelopment;
    // A newcomer looks their first request up; at Followspot's default of 0.1 nine of ten would not be there.
    this.sampleRate =
      this.isDevelopment && !environment.has('EXECUTION_TRACKING_SAMPLE_RATE') ? 1 : undefined;
  }
}
