import { type Environment, StartError } from './environment.js';

const OPENAI_URL = 'https://api.openai.com/v1';
const FIRST = 'OPENAI';
const FALLBACK = 'OPENAI_FALLBACK';

/** A server that speaks OpenAI's protocol, and the model that it is asked for. */
export interface Endpoint {
  readonly baseUrl: string;
  /** Servers of your own want none. */
  readonly apiKey: string | undefined;
  readonly model: string;
  /** What its calls are recorded and priced under. */
  readonly provider: string;
  /** Whether it is OpenAI itself. */
  readonly isOpenAi: boolean;
}

/**
 * The models to ask, best first. `OPENAI_MODEL` turns the first on: at `OPENAI_BASE_URL`, by default OpenAI itself, with
 * `OPENAI_API_KEY`. `OPENAI_FALLBACK_MODEL` turns on a second: at `OPENAI_FALLBACK_BASE_URL` with
 * `OPENAI_FALLBACK_API_KEY`, by default at the first with the key of the first. A key goes to no other server than its own.
 * @throws StartError where one variable needs another that is not set.
 */
export function endpointsOf(environment: Environment): Endpoint[] {
  const first = endpointOf(environment, FIRST, ['BASE_URL', 'PROVIDER']);
  const fallback = endpointOf(environment, FALLBACK, ['BASE_URL', 'API_KEY', 'PROVIDER'], first);
  if (first === undefined && fallback !== undefined) {
    throw new StartError(
      `${FALLBACK}_MODEL needs ${FIRST}_MODEL, which is not set: there is nothing to fall back from`,
    );
  }
  return [first, fallback].filter((endpoint) => endpoint !== undefined);
}

/** @param needing What means nothing without a model. Not so `OPENAI_API_KEY`: many have it set for other programs. */
function endpointOf(
  environment: Environment,
  prefix: string,
  needing: readonly string[],
  first?: Endpoint,
): Endpoint | undefined {
  const model = environment.text(`${prefix}_MODEL`);
  if (model === undefined) {
    const useless = needing.map((name) => `${prefix}_${name}`).find((name) => environment.has(name));
    if (useless === undefined) return undefined;
    throw new StartError(
      `${useless} needs ${prefix}_MODEL, which is not set: say which model is to be asked`,
    );
  }
  const baseUrl = serverOf(environment, `${prefix}_BASE_URL`);
  const apiKey = environment.secret(`${prefix}_API_KEY`);
  const own = baseUrl === undefined ? first : undefined;
  const endpoint = {
    model,
    baseUrl: baseUrl ?? own?.baseUrl ?? OPENAI_URL,
    apiKey: apiKey ?? own?.apiKey,
  };
  const isOpenAi = new URL(endpoint.baseUrl).hostname === new URL(OPENAI_URL).hostname;
  if (isOpenAi && endpoint.apiKey === undefined) {
    throw new StartError(
      `${prefix}_MODEL at ${new URL(endpoint.baseUrl).hostname} needs ${prefix}_API_KEY, which is not set; ` +
        `for a server of your own, set ${prefix}_BASE_URL`,
    );
  }
  const provider = environment.label(`${prefix}_PROVIDER`) ?? own?.provider;
  return { ...endpoint, isOpenAi, provider: provider ?? (isOpenAi ? 'openai' : 'openai_compatible') };
}

function serverOf(environment: Environment, name: string): string | undefined {
  const url = environment.url(name, ['http:', 'https:']);
  const { username = '', password = '' } = (url !== undefined && URL.parse(url)) || {};
  if (username + password === '') return url;
  throw new StartError(
    `${name} must not carry a user name or a password; put the key into the variable for it`,
  );
}
