import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { messagesOf } from './model-messages.js';
import type { Passage, Prompt } from './prompt.js';

const LIMITS = { promptMaxCharacters: 2_000, answerMaxWords: 50 };
const passage = (number: number, text: string): Passage => ({
  ...{ number, text },
  relevance: 1,
  heading: `Heading ${number}`,
});
const contentOf = (prompt: Prompt): string =>
  messagesOf(prompt, LIMITS)
    .map(({ content }) => content)
    .join('');

describe('The messages to a model', () => {
  it('are what to do, then the numbered passages and the question', () => {
    const passages = [passage(1, 'A lamp gives light.'), passage(2, 'A dimmer heats up.')];
    const [system, user, ...others] = messagesOf({ question: 'What heats up?', passages }, LIMITS);
    expect(system).toMatchObject({ role: 'system', content: expect.stringContaining('at most 50 words') });
    expect(user).toEqual({
      role: 'user',
      content:
        '[1] Heading 1\nA lamp gives light.\n\n[2] Heading 2\nA dimmer heats up.\n\nQuestion: What heats up?',
    });
    expect(others).toEqual([]);
  });

  it('leave the question whole and the last passages out where there is too much', () => {
    const passages = [
      passage(1, 'first '.repeat(100)),
      passage(2, 'second '.repeat(1_000)),
      passage(3, 'third'),
    ];
    const content = contentOf({ question: 'Why?', passages });
    expect(content).toContain('first first');
    expect(content).toMatch(/second …\n\nQuestion: Why\?$/);
    expect(content).not.toContain('third');
    expect(content.length).toBeLessThanOrEqual(2_000);
  });

  it('never get longer than they may, nor break a character in two', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), fc.string({ maxLength: 1_000 }), (texts, question) => {
        const passages = texts.map((each, index) => passage(index + 1, each));
        const content = contentOf({ question, passages });
        expect(content.length).toBeLessThanOrEqual(2_000);
        expect(content.endsWith(question)).toBe(true);
        expect(content.isWellFormed()).toBe(true);
      }),
    );
  });
});
