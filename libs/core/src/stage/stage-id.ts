/** What a stage id must look like: it becomes a metric label, a URL path segment and part of a log line. */
export const STAGE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where executions go whose stage id is malformed or one too many. */
export const OTHER_STAGE_ID = 'other';

/** Words that a derived name keeps in capitals; a word with a digit (`L1`) keeps them too. */
const ACRONYMS = new Set(
  'API CPU DB DNS GPU HTTP HTTPS ID IO IP JSON JWT LLM ML RAG RPC SQL SSE TCP TLS TTL UI URL'.split(' '),
);

/** Explains, for an error message, why a stage id is refused; undefined when it is fine. */
export function stageIdProblem(stageId: unknown): string | undefined {
  if (typeof stageId !== 'string') return `a stage id must be a string, got ${typeof stageId}`;
  if (STAGE_ID_PATTERN.test(stageId)) return undefined;
  const shown = JSON.stringify(stageId.length > 80 ? `${stageId.slice(0, 80)}…` : stageId);
  return `stage id ${shown} must match ${STAGE_ID_PATTERN.source}, for example 2.0_CACHE_LOOKUP`;
}

/** Names that were derived, because that is work for every call with options of `trackStage`. Ids are a closed set. */
const names = new Map<string, string>();
const MOST_NAMES = 1_000;

/** The name people read: `2.1_L1_CACHE_LOOKUP` gives `L1 Cache Lookup`, `REDIS.2_CONNECT` gives `Connect`. */
export function stageNameOf(stageId: string): string {
  const known = names.get(stageId);
  if (known !== undefined) return known;
  const name = derivedName(stageId);
  if (names.size < MOST_NAMES) names.set(stageId, name);
  return name;
}

function derivedName(stageId: string): string {
  const words = stageId
    .replace(/^(?:[A-Za-z]+\.)?\d+(?:\.\d+)*_/, '')
    .split(/[._-]+/)
    .filter((word) => word !== '');
  return words.map(capitalised).join(' ') || stageId;
}

function capitalised(word: string): string {
  const upper = word.toUpperCase();
  if (ACRONYMS.has(upper) || /\d/.test(word)) return upper;
  return upper.charAt(0) + word.slice(1).toLowerCase();
}

/** The closed set of stage ids that one recorder has seen. */
export class StageIds {
  readonly #known = new Set<string>();

  /** @param limit How many different ids are admitted. */
  constructor(readonly limit: number) {}

  /** Whether executions may be recorded under this id; the first `limit` well-formed ids may. */
  admits(stageId: string): boolean {
    if (this.#known.has(stageId)) return true;
    if (this.#known.size >= this.limit || stageIdProblem(stageId) !== undefined) return false;
    this.#known.add(stageId);
    return true;
  }
}
