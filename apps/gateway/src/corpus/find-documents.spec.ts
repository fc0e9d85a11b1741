import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findMarkdown, findReadmes } from './find-documents.js';

describe('the files of a corpus', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'followspot-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(...files: string[]): Promise<void> {
    for (const file of files) {
      await mkdir(join(folder, dirname(file)), { recursive: true });
      await writeFile(join(folder, file), 'text');
    }
  }

  it('are all .md files below the folder, without dot folders and node_modules', async () => {
    await write(
      'b.md',
      'a/deep/c.md',
      'a.txt',
      '.git/d.md',
      'node_modules/e/README.md',
      'x/node_modules/f.md',
    );
    const { documents } = await findMarkdown(folder);
    expect(documents).toEqual([{ file: 'a/deep/c.md' }, { file: 'b.md' }]);
  });

  it('must exist and be in a folder', async () => {
    await write('file.md');
    for (const path of [join(folder, 'missing'), join(folder, 'file.md')]) {
      await expect(findMarkdown(path)).rejects.toThrow(
        `CORPUS_DIR must be a folder that exists, got ${JSON.stringify(path)}`,
      );
    }
    await rm(join(folder, 'file.md'));
    await expect(findMarkdown(folder)).rejects.toThrow('CORPUS_DIR must hold .md files, found none in');
  });

  it('are by default the README files of the packages that are installed with Nest', async () => {
    await write(
      'node_modules/@nestjs/core/Readme.md',
      'node_modules/zod/README.md',
      'node_modules/zod/README.de.md',
      'node_modules/zod/docs/README.md',
      'node_modules/zod/CHANGELOG.md',
      'node_modules/.cache/README.md',
      'node_modules/empty/package.json',
      'apps/gateway/node_modules/lonely/README.md',
    );
    const { documents, folder: found } = await findReadmes(join(folder, 'apps/gateway/dist'));
    expect(found).toBe(join(folder, 'node_modules'));
    expect(documents).toEqual([
      { file: '@nestjs/core/Readme.md', package: '@nestjs/core' },
      { file: 'zod/README.de.md', package: 'zod' },
      { file: 'zod/README.md', package: 'zod' },
    ]);
  });

  it('can be none where nothing is installed', async () => {
    await expect(findReadmes(folder)).rejects.toThrow('CORPUS_DIR must be set');
  });
});
