import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { TrackStage } from '@followspot/nestjs';
import MiniSearch from 'minisearch';
import { StartError } from '../config/environment.js';
import { GatewayConfig } from '../config/gateway-config.js';
import { type DocumentSource, findMarkdown, findReadmes } from './find-documents.js';
import type { CorpusDocument, RetrievedSection, Section } from './section.js';
import { splitSections } from './split-sections.js';
import { termOf, wordsOf } from './terms.js';

/** Larger files are left out: a generated reference of megabytes would drown the rest. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Files beyond this sum are left out, so that the index fits into a small container. */
const MAX_CORPUS_BYTES = 32 * 1024 * 1024;
const FILES_PER_PROGRESS_LINE = 100;
const MAX_RESULTS = 5;

/** The text that is searched, in memory. It is indexed before the gateway listens. */
@Injectable()
export class CorpusService implements OnModuleInit {
  readonly #logger = new Logger('Corpus');
  readonly #sections: Section[] = [];
  readonly #index = new MiniSearch<Section & { id: number }>({
    fields: ['heading', 'text', 'package'],
    tokenize: wordsOf,
    processTerm: (word) => termOf(word) ?? null,
    searchOptions: { boost: { package: 1.5, heading: 2 }, prefix: (term) => term.length > 4 },
  });
  readonly #hash = createHash('sha256');
  #fingerprint = '';

  constructor(private readonly config: GatewayConfig) {}

  /** Changes whenever the text does, so that answers of another corpus are not mistaken for answers of this one. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** @throws StartError when there is nothing to search. */
  async onModuleInit(): Promise<void> {
    const startedAt = performance.now();
    const { corpusDir } = this.config;
    const source = await (corpusDir === undefined
      ? findReadmes(import.meta.dirname)
      : findMarkdown(corpusDir));
    this.#logger.log(`Indexing ${source.documents.length} Markdown files in ${source.folder}`);
    await this.#readAll(source);
    if (this.#sections.length === 0)
      throw new StartError(`CORPUS_DIR must hold text, found none in ${source.folder}`);
    this.#fingerprint = this.#hash.digest('hex').slice(0, 16);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    this.#logger.log(`Indexed ${this.#sections.length} sections in ${seconds} s`);
  }

  /** The sections that match best, best first. */
  @TrackStage('3.0_RETRIEVAL', {
    kind: 'retrieval',
    attributes: (found: RetrievedSection[]) => ({ results: found.length, topScore: found[0]?.score ?? 0 }),
  })
  retrieve(question: string): RetrievedSection[] {
    return this.#index
      .search(question)
      .slice(0, MAX_RESULTS)
      .map((match) => ({ ...this.#section(match.id), score: Math.round(match.score * 100) / 100 }));
  }

  #section(id: unknown): Section {
    const section = this.#sections[id as number];
    if (section === undefined)
      throw new RangeError(`the index knows a section ${String(id)} that is not there`);
    return section;
  }

  async #readAll(source: DocumentSource): Promise<void> {
    const leftOut: string[] = [];
    let bytesLeft = MAX_CORPUS_BYTES;
    for (const [index, document] of source.documents.entries()) {
      const bytes = await this.#read(source.folder, document, Math.min(bytesLeft, MAX_FILE_BYTES));
      if (bytes === undefined) leftOut.push(document.file);
      else bytesLeft -= bytes;
      const done = index + 1;
      if (done % FILES_PER_PROGRESS_LINE !== 0) continue;
      this.#logger.log(
        `Indexed ${done} of ${source.documents.length} files, ${this.#sections.length} sections`,
      );
    }
    if (leftOut.length === 0) return;
    this.#logger.warn(
      `Left out ${leftOut.length} files, unreadable or too large, such as ${String(leftOut[0])}`,
    );
  }

  /** Returns how many bytes were indexed; undefined when the file is larger than allowed or cannot be read. */
  async #read(folder: string, document: CorpusDocument, maxBytes: number): Promise<number | undefined> {
    const path = join(folder, document.file);
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    );
    if (bytes === undefined || bytes > maxBytes) return undefined;
    const markdown = await readFile(path, 'utf8').catch(() => undefined);
    if (markdown === undefined) return undefined;
    for (const section of splitSections(markdown, document, document.package ?? document.file)) {
      this.#hash.update(`${section.file}\0${section.heading}\0${section.text}\0`);
      this.#index.add({ ...section, id: this.#sections.length });
      this.#sections.push(section);
    }
    return bytes;
  }
}
