import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { chromiumPath, launchChromium } from './support/browser.js';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { Provider } from './support/provider.js';
import { Proxy } from './support/proxy.js';
import { getTrace } from './support/requests.js';
import { SearchPage } from './support/search-page.js';
import { stageOf, type StageNode } from './support/summary.js';

/** After which tests break in on a long answer. */
const ENOUGH_BYTES = 20_000;
const isInCi = process.env['CI'] !== undefined;
if (chromiumPath === undefined && !isInCi) {
  process.stderr.write('Skipped: there is no chromium on the PATH to test the search page with\n');
}

// In CI nothing is skipped: without a browser the tests fail.
(chromiumPath === undefined && !isInCi ? describe.skip : describe)('the search page', () => {
  let browser: Browser;
  let corpus: Corpus;
  /** Answered in a moment, and many times as long as a test lets pass. */
  let scenes: Corpus;
  /** Answered in seconds. */
  let endless: Corpus;
  beforeAll(async () => {
    browser = await launchChromium();
    corpus = await smallCorpus();
    scenes = await longCorpus(1_000);
    endless = await longCorpus();
  });
  afterAll(async () => {
    await browser.close();
    await corpus[Symbol.asyncDispose]();
    await scenes[Symbol.asyncDispose]();
    await endless[Symbol.asyncDispose]();
  });

  const startGateway = (): Promise<Gateway> => Gateway.start({ CORPUS_DIR: corpus.folder, RETRY_MS: '50' });
  /** Answers long enough to leave, or to be cut, in the middle. */
  const startLongGateway = ({ folder }: Corpus): Promise<Gateway> =>
    Gateway.start({
      CORPUS_DIR: folder,
      REPLAY_EVENTS: '1000000',
      RETRY_MS: '50',
      ...LONG_ANSWERS,
    });

  it('shows the answer, its sources, its trace and how it ended', async () => {
    await using gateway = await startGateway();
    await using page = await SearchPage.open(browser, gateway.url);
    await page.ask(QUESTION);
    await page.reached('completed');
    const direct = await EventStream.answer(gateway.url, QUESTION);
    expect(await page.answer()).toBe(direct.text);
    const files = direct.events[0]?.data.sources?.map(({ file, heading }) => `${heading}\n${file}`);
    expect(await page.sources()).toEqual(files);
    const [traceId = ''] = await page.traceIds();
    expect(await page.journal()).toEqual([
      `Started · trace ${traceId}`,
      'Answered by embedded extractive',
      'Completed',
    ]);
    await page.page.getByRole('link', { name: traceId }).click();
    expect(await page.page.locator('body').innerText()).toContain(`"traceId":"${traceId}"`);
  });

  it('shows the stages of the summary, each in its row, inside the one it belongs to', async () => {
    await using gateway = await startGateway();
    await using page = await SearchPage.open(browser, gateway.url);
    await page.ask(QUESTION);
    await page.reached('completed');
    const [traceId = ''] = await page.traceIds();
    await gateway.requestLine(traceId);
    const rows = await page.stages();
    const place = new Map<StageNode, number>();
    const check = (stage: StageNode, within?: { from: number; to: number }): void => {
      const row = rows[place.size];
      place.set(stage, place.size);
      expect(row?.stageId).toBe(stage.stageId);
      // What was still open when the summary was made has gone on since.
      const isOpen = stage.stageId.startsWith('HTTP.');
      expect(row?.outcome).toBe(isOpen ? 'running' : 'ok');
      if (!isOpen) expect(row?.duration).toBe(`${stage.durationMs.toFixed(2)} ms`);
      expect(row?.title).toContain('lasts ');
      if (within !== undefined) {
        // A bar is never thinner than can be seen.
        expect(row?.bar.from).toBeGreaterThanOrEqual(within.from - 3.5);
        expect(row?.bar.to).toBeLessThanOrEqual(within.to + 3.5);
      }
      for (const substage of stage.substages) check(substage, row?.bar);
    };
    for (const stage of (await getTrace(gateway.url, traceId)).stages) check(stage);
    expect(place.size).toBe(rows.length);

    await page.page.locator('[data-stage="3.0_RETRIEVAL"]').focus();
    expect(await page.page.locator('#stage-detail').innerText()).toMatch(
      /^Retrieval · starts at [\d.]+ ms · lasts [\d.]+ ms · [\d.]+ ms of it by itself · ok · results 1 · topScore/,
    );
  });

  it('asks at once what its address asks, and shows no markup as markup', async () => {
    const question = '<img src=x onerror=alert(1)> followspot';
    await using gateway = await startGateway();
    await using page = await SearchPage.open(browser, `${gateway.url}/?q=${encodeURIComponent(question)}`);
    await page.reached('completed');
    expect(await page.page.getByLabel('Your question').inputValue()).toBe(question);
    expect(await page.page.locator('main img').count()).toBe(0);
  });

  it('says what the gateway has against a question', async () => {
    await using gateway = await startGateway();
    await using page = await SearchPage.open(browser, gateway.url);
    await page.ask('   ');
    await page.says(/^The gateway refused: q is empty\. Ask once/);
  });

  describe('in front of a model', () => {
    let provider: Provider;
    beforeEach(async () => {
      provider = await Provider.start();
    });
    afterEach(() => provider[Symbol.asyncDispose]());

    const startModelGateway = (): Promise<Gateway> =>
      Gateway.start({ CORPUS_DIR: corpus.folder, RETRY_MS: '50', ...provider.environment });

    it('says when it fails in the middle of the answer, shows where, and does not come back for more', async () => {
      await provider.does({ cutsAfter: 3 });
      await using gateway = await startModelGateway();
      await using page = await SearchPage.open(browser, gateway.url);
      await page.ask(QUESTION);
      await page.says(/^Failed: The model failed in the middle of its answer\. Ask again\.$/);
      expect(await page.answer()).toBe('The cat sat');
      const [traceId = '', ...others] = await page.traceIds();
      expect(others).toEqual([]);
      expect(await page.journal()).toEqual([`Started · trace ${traceId}`, 'Failed']);
      const outcomes = new Map((await page.stages()).map(({ stageId, outcome }) => [stageId, outcome]));
      expect(outcomes.get('5.1_PROVIDER_ATTEMPT')).toBe('error');
      expect(outcomes.get('HTTP.2_STREAM')).toBe('error');
      expect(outcomes.get('3.0_RETRIEVAL')).toBe('ok');
      // It could ask again at once.
      await provider.does({});
      await page.ask(QUESTION);
      await page.reached('completed');
      expect(await page.answer()).toBe('The cat sat on the mat.');
      expect(await provider.calls()).toHaveLength(2);
    });

    it('says who answered in place of a model that failed', async () => {
      await provider.does({ status: 500 });
      await using gateway = await startModelGateway();
      await using page = await SearchPage.open(browser, gateway.url);
      await page.ask(QUESTION);
      await page.reached('completed');
      expect(await page.journal()).toContain(
        'Answered by embedded extractive, because the model that was asked first failed',
      );
    });

    it('leaves an EventSource that nobody closes with a stream that is over', async () => {
      await provider.does({ cutsAfter: 3 });
      await using gateway = await startModelGateway();
      await using page = await SearchPage.open(browser, gateway.url);
      // As a client would do it that knows nothing of the event.
      const closed = await page.page.evaluate(
        (url) =>
          new Promise((resolve) => {
            const source = new EventSource(url);
            let connections = 0;
            source.onopen = () => (connections += 1);
            source.onerror = () => {
              if (source.readyState === EventSource.CLOSED) resolve(connections);
            };
          }),
        `${gateway.url}/search?q=${encodeURIComponent(QUESTION)}`,
      );
      expect(closed).toBe(1);
      expect(await provider.calls()).toHaveLength(1);
    });
  });

  it('goes on asking while the gateway cannot be reached', async () => {
    const first = await startGateway();
    await using proxy = await Proxy.start(first.url);
    await using page = await SearchPage.open(browser, proxy.url);
    await first.stop();
    await page.ask(QUESTION);
    await page.says(/^The connection was lost\. Reconnecting/);
    await using second = await startGateway();
    proxy.leadTo(second.url);
    await page.reached('completed');
  });

  it('leaves in the middle of an answer, and shows what the gateway made of that', async () => {
    await using gateway = await startLongGateway(endless);
    await using proxy = await Proxy.start(gateway.url);
    await using page = await SearchPage.open(browser, proxy.url);
    // A gateway that stands still has its answer unfinished, however slow the browser is.
    const standsStill = proxy.after(ENOUGH_BYTES, () => {
      gateway.signal('SIGSTOP');
    });
    await page.ask(QUESTION);
    await standsStill;
    await page.answering();
    await page.page.getByRole('button', { name: 'Stop' }).click();
    await page.says(/^Stopped by you\.$/);
    gateway.signal('SIGCONT');
    await page.says(/^Stopped by you\. The gateway recorded: client_disconnect\.$/);

    const [traceId = ''] = await page.traceIds();
    const trace = await getTrace(gateway.url, traceId);
    expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe('client_disconnect');
    const outcomes = new Map((await page.stages()).map(({ stageId, outcome }) => [stageId, outcome]));
    expect(outcomes.get('HTTP.1_REQUEST')).toBe('cancelled');
    expect(outcomes.get('5.0_LLM_STREAMING')).toBe('cancelled');
    expect(outcomes.get('3.0_RETRIEVAL')).toBe('ok');
    expect(await page.page.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true);
  });

  it('stops at a key as well', async () => {
    await using gateway = await startLongGateway(endless);
    await using proxy = await Proxy.start(gateway.url);
    await using page = await SearchPage.open(browser, proxy.url);
    const standsStill = proxy.after(ENOUGH_BYTES, () => {
      gateway.signal('SIGSTOP');
    });
    await page.ask(QUESTION);
    await standsStill;
    await page.answering();
    await page.page.keyboard.press('Escape');
    await page.reached('stopped');
    expect(await page.page.getByLabel('Your question').inputValue()).toBe(QUESTION);
    gateway.signal('SIGCONT');
  });

  it('survives that its connection breaks, twice, without a word twice or lost', async () => {
    await using gateway = await startLongGateway(scenes);
    await using proxy = await Proxy.start(gateway.url);
    await using page = await SearchPage.open(browser, proxy.url);
    const broken = proxy.after(ENOUGH_BYTES, () => {
      proxy.cut();
    });
    await page.ask(QUESTION);
    await broken;
    await proxy.after(ENOUGH_BYTES, () => {
      proxy.cut();
    });
    await page.reached('completed');
    const direct = await EventStream.answer(gateway.url, QUESTION);
    expect(await page.answer()).toBe(direct.text);

    const traceIds = await page.traceIds();
    const cameBack = 'Came back, and goes on where it had broken off · trace';
    expect(await page.journal()).toEqual([
      `Started · trace ${traceIds[0]}`,
      'The connection was lost',
      `${cameBack} ${traceIds[1]}`,
      'The connection was lost',
      `${cameBack} ${traceIds[2]}`,
      'Answered by embedded extractive',
      'Completed',
    ]);
    for (const traceId of traceIds.slice(1)) {
      await gateway.requestLine(traceId);
      const trace = await getTrace(gateway.url, traceId);
      expect(trace.stages[0]?.attributes['continuesTraceId']).toBe(traceIds[0]);
      expect(stageOf(trace, 'HTTP.2_STREAM').attributes).toMatchObject({
        continuesTraceId: traceIds[0],
        duplicateEvents: 0,
        lostEvents: 0,
      });
    }
  });

  it('starts afresh, and says so, where another gateway answers that does not know the stream', async () => {
    await using first = await startLongGateway(scenes);
    await using second = await startGateway();
    await using proxy = await Proxy.start(first.url);
    await using page = await SearchPage.open(browser, proxy.url);
    const broken = proxy.after(ENOUGH_BYTES, () => {
      proxy.leadTo(second.url);
      proxy.cut();
    });
    await page.ask(QUESTION);
    await broken;
    await page.reached('completed');
    expect(await page.journal()).toContain('Restarted: the gateway no longer knows the stream');
    expect(await page.answer()).toBe((await EventStream.answer(second.url, QUESTION)).text);
  });

  it('says that the gateway shut down, waits for the next one, and starts afresh there', async () => {
    const first = await startLongGateway(endless);
    await using proxy = await Proxy.start(first.url);
    await using page = await SearchPage.open(browser, proxy.url);
    const stopped = proxy.after(ENOUGH_BYTES, () => {
      first.signal('SIGTERM');
    });
    await page.ask(QUESTION);
    await stopped;
    await page.says(/^The gateway shut down\. Waiting for it to come back/);
    expect((await first.exited).code).toBe(0);
    await using second = await startGateway();
    proxy.leadTo(second.url);
    await page.reached('completed');
    expect(await page.journal()).toEqual([
      expect.stringMatching(/^Started · trace/),
      'The gateway shut down',
      expect.stringMatching(/^Came back · trace/),
      'Restarted: the gateway no longer knows the stream',
      'Answered by embedded extractive',
      'Completed',
    ]);
    expect(await page.answer()).toBe((await EventStream.answer(second.url, QUESTION)).text);
  });
});
