import type { RetrievedSection } from '../corpus/section.js';

/** A retrieved section made readable; its number is how an answer cites it. */
export interface Passage {
  readonly number: number;
  /** How well the section matched, as a share of the best one: above 0, at most 1. */
  readonly relevance: number;
  readonly heading: string;
  readonly text: string;
}

/** What an answerer is given. */
export interface Prompt {
  readonly question: string;
  readonly passages: readonly Passage[];
}

/** Where an answer comes from, as clients see it; its place in the list is its number. */
export type Source = Pick<RetrievedSection, 'package' | 'file' | 'heading' | 'score'>;
