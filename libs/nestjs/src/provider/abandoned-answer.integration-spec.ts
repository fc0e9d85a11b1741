import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { ExecutionTracker, type StageExecution } from '@followspot/core';
import OpenAI from 'openai';
import { from, type Observable } from 'rxjs';
import { call, openStream } from '../testing/http-client.js';
import { OpenAiServer, type ServedCall } from '../testing/openai-server.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let provider: OpenAiServer;

const PROMPT = [{ role: 'user' as const, content: 'Where did the cat sit?' }];

@Controller()
class AnswerController {
  @Inject(ExecutionTracker) readonly tracker!: ExecutionTracker;

  @Sse('answer')
  answer(): Observable<MessageEvent> {
    return from(this.words());
  }

  async *words(): AsyncGenerator<MessageEvent> {
    const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'none' });
    const call = { provider: 'openai', model: 'gpt-4o', stageId: '5.0_LLM_STREAMING', prompt: PROMPT };
    const stream = await this.tracker.trackProvider(call, () =>
      client.chat.completions.create(
        { model: 'gpt-4o', messages: PROMPT, stream: true, stream_options: { include_usage: true } },
        { signal: this.tracker.signal },
      ),
    );
    for await (const { choices } of stream) yield { data: choices[0]?.delta.content ?? '' };
  }
}

describe.each(ADAPTERS)('An answer of a provider whose reader leaves, on %s', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    provider = await OpenAiServer.start();
    app = await startApp(adapter, { controllers: [AnswerController], options: { provider: {} } });
  });
  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  const answerOf = async (traceId: string): Promise<StageExecution> => {
    const root = await app.sink.root(traceId);
    const find = (stage: StageExecution): StageExecution[] => [stage, ...stage.substages.flatMap(find)];
    const [answer, ...others] = find(root).filter(({ kind }) => kind === 'provider');
    if (answer === undefined || others.length > 0) throw new Error('not one provider stage');
    return answer;
  };

  const leave = async (traceId: string): Promise<ServedCall> => {
    const served = provider.nextCall();
    const stream = await openStream(app.port, '/answer', { traceId });
    await stream.seen('sat');
    await (
      await served
    ).stalled.promise;
    stream.leave();
    await (
      await served
    ).finished.promise;
    return served;
  };

  it('is aborted, and recorded with the tokens and the money that nobody had anything of', async () => {
    provider.scenario = { stallsAfter: 3 };
    const call = await leave('left');
    const answer = await answerOf('left');
    expect(call).toMatchObject({ wasAborted: true, outputTokens: 3, tokensAfterAbort: 0 });
    expect(answer.outcome).toBe('cancelled');
    expect(answer.attributes).toMatchObject({
      usageSource: 'estimated',
      outputTokens: 3,
      abandonedTokens: 3,
      // 12 tokens for 2.50 a million, 3 for 10.
      abandonedCost: 0.000_06,
      tokenCost: 0.000_06,
    });
    expect(answer.attributes['abortLagMs']).toBeGreaterThanOrEqual(0);
  });

  it('says what was received, however much the provider still produces', async () => {
    provider.scenario = { stallsAfter: 3, goesOnAfterAbort: true };
    const call = await leave('ran-on');
    const { attributes } = await answerOf('ran-on');
    expect(call).toMatchObject({ outputTokens: 7, tokensAfterAbort: 4 });
    expect(attributes['abandonedTokens']).toBe(3);
  });

  it('says the same in the metrics as the provider and the stage do', async () => {
    provider.scenario = { stallsAfter: 3 };
    await leave('left-early');
    await answerOf('left-early');
    provider.scenario = {};
    await (await openStream(app.port, '/answer', { traceId: 'stayed' })).seen('mat');
    await answerOf('stayed');
    const { text } = await call(app.port, '/metrics');
    const tokens = text.split('\n').filter((line) => line.startsWith('provider_tokens_total{'));
    const sum = provider.calls.reduce((total, { outputTokens }) => total + outputTokens, 0);
    expect(sum).toBe(3 + 7);
    expect(tokens).toContain(
      `provider_tokens_total{provider="openai",model="gpt-4o",direction="output"} ${String(sum)}`,
    );
    // By our estimate of a prompt that nobody counted, and by the provider's count.
    expect(tokens).toContain('provider_tokens_total{provider="openai",model="gpt-4o",direction="input"} 23');
    const cost = /^token_cost_total\{provider="openai",model="gpt-4o",currency="USD"\} (.*)$/m.exec(
      text,
    )?.[1];
    expect(Number(cost)).toBeCloseTo(0.000_06 + 0.000_097_5, 12);
  });

  it('is counted by route as the provider and the stage say, with the lag', async () => {
    provider.scenario = { stallsAfter: 3 };
    await leave('left-first');
    await leave('left-second');
    const stages = [await answerOf('left-first'), await answerOf('left-second')];
    const { text } = await call(app.port, '/metrics');
    const value = (series: string): number => Number(text.split(`\n${series} `)[1]?.split('\n')[0]);
    const of = 'provider="openai",model="gpt-4o"';
    const sent = provider.calls.reduce((total, { outputTokens }) => total + outputTokens, 0);
    const said = stages.reduce((sum, { attributes }) => sum + Number(attributes['abandonedTokens']), 0);
    const counted = value(`provider_abandoned_tokens_total{${of},route="/answer"}`);
    expect([sent, said, counted]).toEqual([6, 6, 6]);
    expect(value(`provider_abandoned_total{${of},route="/answer"}`)).toBe(2);
    expect(value(`provider_abandoned_cost_total{${of},route="/answer",currency="USD"}`)).toBeCloseTo(
      0.000_12,
      12,
    );
    expect(value(`provider_abort_lag_seconds_count{${of}}`)).toBe(2);
    expect(value(`provider_unstopped_total{${of}}`)).toBe(0);
    const summary = JSON.parse((await call(app.port, '/metrics/summary')).text) as {
      providers: Record<string, unknown>;
    };
    expect(summary.providers['openai']).toMatchObject({
      abandoned: { calls: 2, tokens: 6 },
      costs: { USD: { tokenCost: 0.000_12, abandonedCost: 0.000_12 } },
    });
  });

  it('that is read to its end is not abandoned', async () => {
    const stream = await openStream(app.port, '/answer', { traceId: 'read' });
    await stream.seen('mat');
    const { outcome, attributes } = await answerOf('read');
    expect(outcome).toBe('ok');
    expect(attributes).toMatchObject({ usageSource: 'provider', outputTokens: 7 });
    expect(attributes).not.toHaveProperty('abandonedTokens');
  });
});
