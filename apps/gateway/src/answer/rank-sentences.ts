import { termsOf } from '../corpus/terms.js';
import type { Prompt } from './prompt.js';
import { sentencesOf } from './sentences.js';

/** A sentence that may become part of an answer. */
export interface RankedSentence {
  readonly text: string;
  /** The number of the passage it stands in. */
  readonly passage: number;
  readonly score: number;
}

/** The usual constants of BM25: how fast repetition stops to count, and how much long sentences are held back. */
const K1 = 1.2;
const B = 0.75;

/**
 * The sentences of the passages that share terms with the question, best first: BM25, with each sentence as a document
 * of its own, times the relevance of its passage. A sentence that stands in several passages counts in the first.
 */
export function rankSentences({ question, passages }: Prompt): RankedSentence[] {
  const candidates = uniqueSentences(passages);
  const averageLength =
    candidates.reduce((sum, { terms }) => sum + terms.length, 0) / (candidates.length || 1);
  const weights = new Map([...new Set(termsOf(question))].map((term) => [term, rarity(term, candidates)]));
  return candidates
    .map(({ text, passage, relevance, terms }) => {
      const score = relevance * bm25(terms, weights, averageLength);
      return { text, passage, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
}

interface Candidate {
  readonly text: string;
  readonly passage: number;
  readonly relevance: number;
  readonly terms: readonly string[];
}

function uniqueSentences(passages: Prompt['passages']): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const { number, relevance, text } of passages) {
    for (const sentence of sentencesOf(text)) {
      const terms = termsOf(sentence);
      const key = terms.join(' ');
      if (!candidates.has(key)) candidates.set(key, { text: sentence, passage: number, relevance, terms });
    }
  }
  return [...candidates.values()];
}

/** How much a term tells: the fewer sentences have it, the more. */
function rarity(term: string, candidates: readonly Candidate[]): number {
  const having = candidates.filter(({ terms }) => terms.includes(term)).length;
  return Math.log(1 + (candidates.length - having + 0.5) / (having + 0.5));
}

function bm25(terms: readonly string[], weights: ReadonlyMap<string, number>, averageLength: number): number {
  let score = 0;
  for (const [term, weight] of weights) {
    const count = terms.filter((other) => other === term).length;
    const lengthNorm = 1 - B + (B * terms.length) / averageLength;
    if (count > 0) score += (weight * count * (K1 + 1)) / (count + K1 * lengthNorm);
  }
  return score;
}
