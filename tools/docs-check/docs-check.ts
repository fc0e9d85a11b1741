// Every TypeScript block in README and docs compiles, as a user's strict project would compile it, against the built
// packages; every relative link leads to a file. A block may continue the one before it in the same file.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
/** Inside the workspace, so that packages resolve as they do for everybody. */
const scratch = join(root, 'tmp/docs-check');

const pages = ['README.md', 'CHANGELOG.md', ...markdownIn('docs')].filter(
  (page) => !page.startsWith('docs/api/'),
);
const problems = [...pages.flatMap(brokenLinks), ...compileErrors(pages.flatMap(codeOf))];
for (const problem of problems) console.error(problem);
console.log(
  `docs: ${pages.length} pages, ${pages.flatMap(codeOf).length} code blocks, ${problems.length} problems`,
);
if (problems.length > 0) process.exitCode = 1;

interface CodeBlock {
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

function codeOf(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

function brokenLinks(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !existsSync(resolve(root, dirname(page), target)))
    .map((target) => `${page}: the link ${target} leads nowhere`);
}

function compileErrors(blocks: CodeBlock[]): string[] {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const byFile = new Map(blocks.map((block, index) => [join(scratch, `block-${index}.ts`), block]));
  for (const [file, { code }] of byFile) writeFileSync(file, `${code}\nexport {};\n`);
  const program = ts.createProgram([...byFile.keys()], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  });
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    const block = byFile.get(diagnostic.file?.fileName ?? '');
    if (block === undefined || diagnostic.file === undefined) return `docs-check: ${message}`;
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    return `${relative(root, join(root, block.page))}:${block.line + line}: ${message}`;
  });
}
