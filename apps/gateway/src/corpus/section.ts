/** A Markdown file of the corpus. */
export interface CorpusDocument {
  /** Relative to the folder that is searched, with forward slashes. */
  readonly file: string;
  /** The package it documents; none in a corpus of plain files. */
  readonly package?: string;
}

/** What stands under one heading: the unit that is found and cited. */
export interface Section extends CorpusDocument {
  readonly heading: string;
  /** Markdown, without the heading. */
  readonly text: string;
}

/** A section that a search found. */
export interface RetrievedSection extends Section {
  /** The higher the better; comparable within one search only. */
  readonly score: number;
}
