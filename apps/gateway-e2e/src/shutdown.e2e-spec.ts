import { describe, expect, it } from '@jest/globals';
import { LONG_ANSWERS, longCorpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { stalledRequest } from './support/requests.js';

/** How long a stop may take, from the signal to the end of the process. */
const STOP_MS = 2_000;

async function openStreams(gateway: Gateway, count: number): Promise<EventStream[]> {
  const streams = await Promise.all(
    Array.from({ length: count }, (_, index) => EventStream.search(gateway.url, `${QUESTION} ${index}`)),
  );
  await Promise.all(
    streams.map((stream) => stream.until(({ events }) => events.some(({ type }) => type === 'token'))),
  );
  return streams;
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it('ends open streams with an event, writes the last lines and ends the process', async () => {
    await using corpus = await longCorpus();
    const gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS });
    const streams = await openStreams(gateway, 3);

    const signalledAt = performance.now();
    const { code, stderr } = await gateway.stop(signal);
    expect(performance.now() - signalledAt).toBeLessThan(STOP_MS);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    for (const stream of streams) {
      await stream.closed;
      expect(stream.end).toMatchObject({ type: 'shutdown', data: { traceId: stream.traceId } });
      expect(stream.response.complete).toBe(true);
      const lines = gateway.linesOf(stream.traceId).filter(({ outcome }) => outcome !== undefined);
      expect(lines.find(({ stage }) => stage === 'HTTP.2_STREAM')).toMatchObject({ ending: 'shutdown' });
      expect(lines.find(({ stage }) => stage === 'HTTP.1_REQUEST')).toBeDefined();
    }
  });

  it('is obeyed once, however often it comes, while 10 streams are open', async () => {
    await using corpus = await longCorpus();
    const gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS });
    const streams = await openStreams(gateway, 10);
    gateway.signal(signal);
    gateway.signal(signal);
    await streams[0]?.until(({ end }) => end?.type === 'shutdown');
    const { code, stderr } = await gateway.stop(signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const stream of streams) {
      await stream.closed;
      expect(stream.end?.type).toBe('shutdown');
      const endings = gateway.linesOf(stream.traceId).filter(({ ending }) => ending !== undefined);
      expect(endings).toMatchObject([{ stage: 'HTTP.2_STREAM', ending: 'shutdown' }]);
    }
  });

  it('does not wait for a client that has stopped reading, nor for an idle connection', async () => {
    await using corpus = await longCorpus();
    const gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS });
    await fetch(gateway.url);
    const stalled = stalledRequest(gateway.url, `/search?q=${encodeURIComponent(QUESTION)}`);
    await gateway.line(({ stage }) => stage === '4.0_PROMPT_BUILD');
    const signalledAt = performance.now();
    const { code } = await gateway.stop(signal);
    expect(performance.now() - signalledAt).toBeLessThan(STOP_MS);
    expect(code).toBe(0);
    stalled.destroy();
  });

  it('stops a gateway that is still starting', async () => {
    await using corpus = await smallCorpus();
    const gateway = new Gateway({ CORPUS_DIR: corpus.folder });
    await gateway.line(({ msg }) => msg?.startsWith('Indexing ') === true);
    const { code, stderr } = await gateway.stop(signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
