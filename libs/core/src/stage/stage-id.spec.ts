import { describe, expect, it } from '@jest/globals';
import { OTHER_STAGE_ID, stageIdProblem, StageIds, stageNameOf } from './stage-id.js';

describe('stage ids', () => {
  it.each([
    '1.0_REQUEST_VALIDATION',
    'constructor',
    'hasOwnProperty',
    'A',
    '0',
    'a-b_c.d',
    'x'.repeat(64),
    'other',
  ])('may be %p', (stageId) => {
    expect(stageIdProblem(stageId)).toBeUndefined();
    expect(new StageIds(1).admits(stageId)).toBe(true);
  });

  it.each([
    '',
    ' ',
    '__proto__',
    '.hidden',
    '-x',
    'a b',
    'a\n',
    'a"b',
    '🎭',
    'é',
    'x'.repeat(65),
    'x'.repeat(10_240),
  ])('may not be %p', (stageId) => {
    expect(stageIdProblem(stageId)).toMatch(/must match .* for example 2\.0_CACHE_LOOKUP$/);
    expect(new StageIds(1).admits(stageId)).toBe(false);
  });

  it.each([Symbol('x'), 7, null, undefined, {}])(
    'that are no strings are refused with their type: %p',
    (stageId) => {
      expect(stageIdProblem(stageId)).toBe(`a stage id must be a string, got ${typeof stageId}`);
      expect(new StageIds(1).admits(stageId as string)).toBe(false);
    },
  );

  it('are shown short and on one line when they are refused', () => {
    const problem = stageIdProblem('line\nbreak'.repeat(1_000)) ?? '';
    expect(problem.length).toBeLessThan(250);
    expect(problem).not.toContain('\n');
  });

  it('are a closed set: the first ones stay, further ones are refused for good', () => {
    const ids = new StageIds(2);
    expect(['a', 'b', 'c', 'a', 'b', 'c'].map((id) => ids.admits(id))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('do not lose a place to a malformed one', () => {
    const ids = new StageIds(1);
    expect([ids.admits(''), ids.admits('a')]).toEqual([false, true]);
  });

  it('know the word for all others, which is well-formed itself', () => {
    expect(stageIdProblem(OTHER_STAGE_ID)).toBeUndefined();
  });
});

describe('stageNameOf', () => {
  it.each([
    ['5.0_LLM_STREAMING', 'LLM Streaming'],
    ['REDIS.2_CONNECTION_ESTABLISHMENT', 'Connection Establishment'],
    ['1.0_REQUEST_VALIDATION', 'Request Validation'],
    ['2.1_L1_CACHE_LOOKUP', 'L1 Cache Lookup'],
    ['12.34.5_DEEP', 'Deep'],
    ['HTTP.1_REQUEST', 'Request'],
    ['JOB.1_SEND-SSE.EVENTS', 'Send SSE Events'],
    ['fetchUser', 'Fetchuser'],
    ['redis.connect', 'Redis Connect'],
    ['2.0', '2 0'],
    ['3_', '3_'],
    ['other', 'Other'],
    ['constructor', 'Constructor'],
    ['', ''],
  ])('makes of %p the name %p', (stageId, name) => {
    expect(stageNameOf(stageId)).toBe(name);
  });
});
