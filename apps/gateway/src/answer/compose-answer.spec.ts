import { describe, expect, it } from '@jest/globals';
import { composeAnswer } from './compose-answer.js';
import type { Passage, Prompt } from './prompt.js';
import { rankSentences } from './rank-sentences.js';

function prompt(question: string, ...texts: string[]): Prompt {
  const passages = texts.map((text, index): Passage => ({
    number: index + 1,
    relevance: 1 / (index + 1),
    heading: '',
    text,
  }));
  return { question, passages };
}

const LAMP = 'A lamp gives light to the stage.';
const DIMMER = 'A dimmer changes how bright a lamp is.';
const OTHER = 'Curtains are made of heavy cloth.';

describe('rankSentences', () => {
  it('puts the sentence first that has most of the question', () => {
    const ranked = rankSentences(
      prompt('What does a dimmer change about a lamp?', `${LAMP} ${OTHER} ${DIMMER}`),
    );
    expect(ranked.map(({ text }) => text)).toEqual([DIMMER, LAMP]);
  });

  it('takes rare terms for more than common ones', () => {
    const lamps = Array.from({ length: 20 }, (_, index) => `Lamp number ${index} hangs over the stage.`);
    const ranked = rankSentences(prompt('lamp cloth', [...lamps, OTHER].join(' ')));
    expect(ranked[0]?.text).toBe(OTHER);
  });

  it('prefers the more relevant passage, and counts a repeated sentence once', () => {
    const ranked = rankSentences(prompt('lamp', LAMP, `${LAMP} A lamp hangs over the stage.`));
    expect(ranked.map(({ passage }) => passage)).toEqual([1, 2]);
  });

  it('leaves out what has nothing of the question', () => {
    expect(rankSentences(prompt('orchestra', LAMP))).toEqual([]);
    expect(rankSentences(prompt('the of and', LAMP))).toEqual([]);
    expect(rankSentences(prompt('lamp'))).toEqual([]);
  });
});

describe('composeAnswer', () => {
  it('quotes passage by passage, in the order of the text, and cites', () => {
    const given = prompt('dimmer lamp', `${LAMP} ${OTHER} ${DIMMER}`, 'Every dimmer heats a little.');
    expect(composeAnswer(given, 100)).toBe(`${LAMP} ${DIMMER} [1] Every dimmer heats a little. [2]`);
  });

  it('stops before there are too many words, but says something', () => {
    const given = prompt('dimmer lamp', `${LAMP} ${DIMMER}`);
    expect(composeAnswer(given, 10)).toBe(`${DIMMER} [1]`);
    expect(composeAnswer(given, 1)).toBe(`${DIMMER} [1]`);
  });

  it('quotes how the passages begin when only their headings match', () => {
    expect(composeAnswer(prompt('orchestra', `${LAMP} ${OTHER}`), 100)).toBe(`${LAMP} [1]`);
  });

  it('says so when there is nothing', () => {
    expect(composeAnswer(prompt('lamp'), 100)).toBe('Nothing in this corpus matches the question.');
    expect(composeAnswer(prompt('lamp', ''), 100)).toBe('Nothing in this corpus matches the question.');
  });
});
