import { describe, expect, it } from '@jest/globals';
import { ExecutionTracker, Recorder, type StageExecution } from '@followspot/core';
import { ScrapedSink } from '../testing/scraped-sink.js';
import { stageOf } from '../testing/stages.js';

const CALL = { provider: 'openai', model: 'gpt-4o', responseModel: 'gpt-4o-2024', operation: 'chat' };
const ANSWER = {
  ...CALL,
  chunks: 5,
  timeToFirstChunkMs: 320,
  gapMeanMs: 30,
  inputTokens: 100,
  outputTokens: 40,
  cachedInputTokens: 80,
};
const LABELS =
  'gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_response_model="gpt-4o-2024",gen_ai_operation_name="chat"';

const scrapedWith = (
  genAi: 'v1.41' | 'latest' | 'both' | undefined,
  attributes: StageExecution['attributes'],
  more: Partial<StageExecution> = {},
): ScrapedSink => {
  const scraped = new ScrapedSink({ genAi });
  scraped.record(stageOf('provider', attributes, { durationMs: 500, ...more }));
  return scraped;
};

const genAiNames = async (scraped: ScrapedSink): Promise<string[]> => {
  const names = (await scraped.lines()).filter((line) => line.startsWith('gen_ai'));
  return [...new Set(names.map((line) => line.replace(/(?:_bucket|_sum|_count)?\{.*/s, '')))];
};

describe('Calls of providers under the names of OpenTelemetry', () => {
  it('are not shown unless asked for', async () => {
    const scraped = scrapedWith(undefined, ANSWER);
    expect((await scraped.sink.scrape('text')).body).not.toContain('gen_ai');
  });

  it('are shown under the published ones', async () => {
    const scraped = scrapedWith('v1.41', ANSWER);
    expect(await genAiNames(scraped)).toEqual([
      'gen_ai_client_operation_duration_seconds',
      'gen_ai_client_operation_time_to_first_chunk_seconds',
      'gen_ai_client_operation_time_per_output_chunk_seconds',
      'gen_ai_client_token_usage',
    ]);
    const operation = 'gen_ai_client_operation';
    expect(await scraped.value(`${operation}_duration_seconds_sum{${LABELS}}`)).toBe(0.5);
    expect(await scraped.value(`${operation}_duration_seconds_bucket{le="0.64",${LABELS}}`)).toBe(1);
    expect(await scraped.value(`${operation}_time_to_first_chunk_seconds_sum{${LABELS}}`)).toBe(0.32);
    const usage = 'gen_ai_client_token_usage';
    expect(await scraped.value(`${usage}_sum{${LABELS},gen_ai_token_type="input"}`)).toBe(100);
    expect(await scraped.value(`${usage}_bucket{le="64",${LABELS},gen_ai_token_type="output"}`)).toBe(1);
    expect(await scraped.value(`${usage}_bucket{le="67108864",${LABELS},gen_ai_token_type="input"}`)).toBe(1);
  });

  it('are shown under the newer ones, tokens as counters, too', async () => {
    const scraped = scrapedWith('latest', ANSWER);
    const modality = `${LABELS},gen_ai_token_modality="unknown"`;
    expect(await genAiNames(scraped)).toEqual([
      'gen_ai_client_inference_duration_seconds',
      'gen_ai_client_inference_time_to_first_chunk_seconds',
      'gen_ai_client_inference_time_per_output_chunk_seconds',
      'gen_ai_client_inference_usage_input_tokens_total',
      'gen_ai_client_inference_usage_output_tokens_total',
      'gen_ai_client_inference_usage_cache_read_input_tokens_total',
      'gen_ai_client_inference_operation_input_tokens',
      'gen_ai_client_inference_operation_output_tokens',
    ]);
    const usage = 'gen_ai_client_inference_usage';
    expect(await scraped.of(`${usage}_input_tokens_total`)).toEqual([`{${modality}} 100`]);
    expect(await scraped.of(`${usage}_cache_read_input_tokens_total`)).toEqual([`{${modality}} 80`]);
    expect(await scraped.value(`gen_ai_client_inference_operation_output_tokens_sum{${LABELS}}`)).toBe(40);
  });

  it('are shown under both with the same numbers', async () => {
    const scraped = scrapedWith('both', ANSWER);
    const [older, newer] = await Promise.all([
      scraped.value(`gen_ai_client_operation_duration_seconds_sum{${LABELS}}`),
      scraped.value(`gen_ai_client_inference_duration_seconds_sum{${LABELS}}`),
    ]);
    expect(older).toBe(newer);
    expect(await genAiNames(scraped)).toHaveLength(4 + 8);
  });

  it('have a gap for each chunk after the first, and none where there was one chunk', async () => {
    const metric = 'gen_ai_client_operation_time_per_output_chunk_seconds';
    const scraped = scrapedWith('v1.41', ANSWER);
    expect(await scraped.value(`${metric}_count{${LABELS}}`)).toBe(4);
    expect(await scraped.value(`${metric}_sum{${LABELS}}`)).toBeCloseTo(0.12);
    expect(await scrapedWith('v1.41', { ...CALL, chunks: 1 }).of(`${metric}_count`)).toEqual([]);
    // Nobody measures a gap there, but a stage set by hand may say one.
    const byHand = scrapedWith('v1.41', { ...CALL, chunks: 1, gapMeanMs: 30 });
    expect(await byHand.of(`${metric}_count`)).toEqual([]);
  });

  it('have each gap in its own bucket, as the engine measured it, and their exact sum', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, wallNow: () => 1_700_000_000_000 + nowMs };
    const scraped = new ScrapedSink({ genAi: 'both' });
    const recorder = new Recorder({ clock, sinks: [scraped.sink] });
    const tracker = new ExecutionTracker(recorder);
    async function* chunks(): AsyncGenerator {
      yield { choices: [{ delta: { content: 'a' } }] };
      for (const gapMs of [...Array.from<number>({ length: 9 }).fill(15), 3_000]) {
        nowMs += gapMs;
        yield { choices: [{ delta: { content: 'b' } }] };
      }
    }
    await tracker.runTrace('ROOT', async () => {
      for await (const _ of tracker.trackProvider({ provider: 'openai', model: 'gpt-4o' }, chunks));
    });
    recorder.deliver();
    for (const set of ['operation', 'inference']) {
      const metric = `gen_ai_client_${set}_time_per_output_chunk_seconds`;
      const labels =
        'gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_operation_name="chat"';
      const upTo = (le: number): Promise<number> => scraped.value(`${metric}_bucket{le="${le}",${labels}}`);
      expect(await Promise.all([0.01, 0.02, 2.56, 5.12].map(upTo))).toEqual([0, 9, 9, 10]);
      expect(await scraped.value(`${metric}_sum{${labels}}`)).toBeCloseTo(3.135, 9);
      expect(await scraped.value(`${metric}_count{${labels}}`)).toBe(10);
    }
  });

  it('that failed are apart by error in the durations alone, and have counted no token', async () => {
    const scraped = scrapedWith('both', CALL, { outcome: 'error', errorType: 'RateLimitError' });
    expect(await scraped.of('gen_ai_client_operation_duration_seconds_count')).toEqual([
      `{${LABELS},error_type="RateLimitError"} 1`,
    ]);
    expect(await scraped.of('gen_ai_client_inference_usage_output_tokens_total')).toEqual([
      `{${LABELS},gen_ai_token_modality="unknown"} 0`,
    ]);
    expect(await scraped.of('gen_ai_client_token_usage_count')).toEqual([]);
  });

  it.each<[string, StageExecution['attributes'], Partial<StageExecution>]>([
    ['was left before its first content', { chunks: 0 }, { outcome: 'cancelled' }],
    ['failed in the middle of its answer', { chunks: 3 }, { outcome: 'error', errorType: 'Error' }],
    ['went well and does not tell', { chunks: 3 }, {}],
  ])('of which one %s have no token counter: unknown is not 0', async (_, attributes, more) => {
    const scraped = scrapedWith('latest', { ...CALL, ...attributes }, more);
    expect(await scraped.of('gen_ai_client_inference_duration_seconds_count')).toHaveLength(1);
    for (const direction of ['input', 'output']) {
      expect(await scraped.of(`gen_ai_client_inference_usage_${direction}_tokens_total`)).toEqual([]);
    }
  });

  it('that tell only one direction have no counter of the other', async () => {
    const scraped = scrapedWith('latest', { ...CALL, inputTokens: 7 }, { outcome: 'error', errorType: 'E' });
    const modality = `${LABELS},gen_ai_token_modality="unknown"`;
    expect(await scraped.of('gen_ai_client_inference_usage_input_tokens_total')).toEqual([`{${modality}} 7`]);
    expect(await scraped.of('gen_ai_client_inference_usage_output_tokens_total')).toEqual([]);
  });

  it('have no label for what they do not say', async () => {
    const scraped = scrapedWith('v1.41', { provider: 'vllm' });
    expect(await scraped.of('gen_ai_client_operation_duration_seconds_count')).toEqual([
      '{gen_ai_provider_name="vllm",gen_ai_operation_name="chat"} 1',
    ]);
  });

  it('have a bounded number of series', async () => {
    const scraped = new ScrapedSink({ genAi: 'both', labelSets: 20 });
    for (let n = 0; n < 2_000; n += 1) {
      const call = { ...ANSWER, responseModel: `m${n}`, model: `n${n % 50}`, operation: `o${n % 7}` };
      scraped.record(stageOf('provider', call, { outcome: 'error', errorType: `E${n}` }));
    }
    expect(await scraped.of('gen_ai_client_operation_duration_seconds_count')).toHaveLength(21);
    expect(await scraped.of('gen_ai_client_inference_usage_input_tokens_total')).toHaveLength(21);
    const all = await scraped.of('gen_ai_client_inference_usage_input_tokens_total');
    expect(all.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)).toBe(200_000);
  });
});
