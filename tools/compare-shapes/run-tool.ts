// `node run-tool.ts NAME`: runs the suite against one tool in this process, which the tool has for itself, and sends
// each cell to the parent as it is found.
import { judge, SHAPES } from './suite.ts';
import type { Tool } from './tool.ts';

/** One message to the parent. */
export interface Cell {
  readonly shape: string;
  readonly text: string;
}

const name = process.argv[2] ?? '';
// Names in variables: the peers are typed only where they are installed, and each is loaded only in its own process.
const file = name === 'followspot' ? './followspot.ts' : `./peers/${name}.mjs`;
const { createTool } = (await import(file)) as { createTool: () => Tool | Promise<Tool> };
const tool = await createTool();
for (const shape of SHAPES) await report({ shape: shape.name, text: await judge(tool, shape) });
await tool.close?.();
// Agents that report to a server keep a process alive; there is nothing here to report to.
process.exit();

/** Resolves when the message is out, so that the end of this process does not overtake it. */
function report(cell: Cell): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(cell, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
