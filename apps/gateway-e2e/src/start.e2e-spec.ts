import { describe, expect, it } from '@jest/globals';
import { corpusOf, smallCorpus } from './support/corpus.js';
import { Gateway } from './support/gateway.js';

describe('a gateway that is configured wrongly', () => {
  it.concurrent.each([
    ...['', 'abc', '-1', '1.5', '0,5', 'NaN', '1e400', '0x1', ' ', 'Infinity'].map((value) => [
      'EXECUTION_TRACKING_SAMPLE_RATE',
      value,
    ]),
    ['EXECUTION_TRACKING_ENABLED', 'yes'],
    ['PORT', 'abc'],
    ['HEARTBEAT_MS', '0'],
    ['RETRY_MS', '1.5'],
    ['REPLAY_EVENTS', '0'],
    ['REPLAY_STREAMS', ''],
    ['REPLAY_TTL_MS', '1e3'],
    ['ANSWER_MAX_WORDS', 'many'],
    ['MONTHLY_BUDGET', '0'],
    ['LOG_LEVEL', 'loud'],
    ['FORCE_TRACKING_HEADER', '1'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_TIMEOUT_MS', '1.5'],
    ['HOST', ''],
    ['CORPUS_DIR', '/no/such/folder'],
  ] as [string, string][])('does not start, and names %s and "%s"', async (variable, value) => {
    const gateway = new Gateway({ [variable]: value });
    const { code, stderr } = await gateway.exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The gateway did not start: /);
    expect(stderr).toContain(variable);
    expect(stderr).toContain(JSON.stringify(value));
    expect(gateway.lines.some(({ msg }) => msg?.startsWith('Listening') === true)).toBe(false);
  });

  it('does not show the password of a URL', async () => {
    const { stderr } = await new Gateway({ REDIS_URL: 'http://user:secret@localhost' }).exited;
    expect(stderr).toContain('REDIS_URL');
    expect(stderr).not.toContain('secret');
  });

  it('does not start on a folder without Markdown', async () => {
    await using corpus = await corpusOf({ 'notes.txt': 'Not Markdown.' });
    const { code, stderr } = await new Gateway({ CORPUS_DIR: corpus.folder }).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(
      `CORPUS_DIR must hold .md files, found none in ${JSON.stringify(corpus.folder)}`,
    );
  });

  it('says which port is taken', async () => {
    await using corpus = await smallCorpus();
    await using first = await Gateway.start({ CORPUS_DIR: corpus.folder });
    const { port } = new URL(first.url);
    const { code, stderr } = await new Gateway({ CORPUS_DIR: corpus.folder, PORT: port }).exited;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `The gateway did not start: PORT ${port} on 127.0.0.1 is taken; choose another, or 0 for any free one\n`,
    );
  });
});
