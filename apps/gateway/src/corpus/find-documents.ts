import { glob, readdir, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from '../config/environment.js';
import type { CorpusDocument } from './section.js';

/** Files beyond this number are not read. Far more than a service has packages. */
const MAX_DOCUMENTS = 5_000;

/** A folder and the Markdown files to read in it. */
export interface DocumentSource {
  readonly folder: string;
  readonly documents: readonly CorpusDocument[];
}

/**
 * Every `.md` file below a folder; dot folders and `node_modules` are left out.
 * @throws StartError when there is no such folder or nothing in it.
 */
export async function findMarkdown(folder: string): Promise<DocumentSource> {
  const isFolder = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new StartError(`CORPUS_DIR must be a folder that exists, got ${JSON.stringify(folder)}`);
  const exclude = (name: string): boolean => name === 'node_modules' || name.startsWith('.');
  const documents: CorpusDocument[] = [];
  for await (const entry of glob('**/*.md', {
    cwd: folder,
    exclude: (path) => exclude(path.split(/[\\/]/).at(-1) ?? ''),
  })) {
    documents.push({ file: entry.replaceAll('\\', '/') });
  }
  if (documents.length === 0) {
    throw new StartError(`CORPUS_DIR must hold .md files, found none in ${JSON.stringify(folder)}`);
  }
  return { folder, documents: bounded(documents) };
}

/**
 * The README files of the packages that are installed where the gateway itself runs from.
 * @param from Where to look from, upwards.
 * @throws StartError when nothing is installed there.
 */
export async function findReadmes(from: string): Promise<DocumentSource> {
  const folder = nearestNodeModules(from);
  if (folder === undefined)
    throw new StartError('CORPUS_DIR must be set: there is no node_modules with packages to read');
  const documents: CorpusDocument[] = [];
  for (const name of await packageNames(folder)) {
    const files = await readdir(join(folder, name)).catch((): string[] => []);
    const readmes = files.filter((file) => /^readme.*\.md$/i.test(file));
    documents.push(...readmes.map((file) => ({ file: `${name}/${file}`, package: name })));
  }
  return { folder, documents: bounded(documents) };
}

/** The folder that Nest comes from: a nearer one may hold a single package that npm could not share. */
function nearestNodeModules(from: string): string | undefined {
  const folder = join(from, 'node_modules');
  if (existsSync(join(folder, '@nestjs', 'core'))) return folder;
  return dirname(from) === from ? undefined : nearestNodeModules(dirname(from));
}

async function packageNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(folder)) {
    if (name.startsWith('.')) continue;
    if (!name.startsWith('@')) names.push(name);
    else names.push(...(await readdir(join(folder, name))).map((inner) => `${name}/${inner}`));
  }
  return names;
}

/** In an order that does not depend on the file system. */
function bounded(documents: readonly CorpusDocument[]): CorpusDocument[] {
  return documents.toSorted((a, b) => (a.file < b.file ? -1 : 1)).slice(0, MAX_DOCUMENTS);
}
