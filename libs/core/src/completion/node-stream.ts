import { errorMonitor } from 'node:events';
import { Duplex, Readable, Transform } from 'node:stream';
import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';

/**
 * A Node `Readable` or `Transform`: the stage lasts until it has ended, failed or been destroyed. Any other `Duplex`
 * is a connection, not an answer: to return a socket is to have connected, so it counts as a value.
 */
export const nodeStreamShape: ResultShape = {
  name: 'node stream',
  matches: (result) =>
    result instanceof Readable &&
    (!(result instanceof Duplex) || result instanceof Transform) &&
    !result.destroyed &&
    !result.readableEnded,
  follow: (result, held) => {
    const stage = held.claim();
    if (stage !== undefined) followStream(result as Readable, stage);
    return result;
  },
};

/** The open stages that a stream belongs to, the innermost first. */
const stagesOf = new WeakMap<Readable, Stage[]>();

/** One set of listeners per stream serves all its stages: the same stream may be returned again and again. */
function followStream(stream: Readable, stage: Stage): void {
  const isFollowed = stagesOf.has(stream);
  const others = (stagesOf.get(stream) ?? []).filter((other) => !other.hasEnded);
  stagesOf.set(stream, [...others, stage]);
  if (!isFollowed) listen(stream, () => stagesOf.get(stream) ?? []);
}

/** Listens without consuming (no `data`, no `readable`) and without handling errors that are not ours to handle. */
function listen(stream: Readable, stages: () => readonly Stage[]): void {
  // Whoever reads calls `_read`; what the source does then is work of the stage and not of its reader.
  const read = stream._read.bind(stream);
  stream._read = (size) => {
    const stage = stages().find((open) => !open.hasEnded);
    if (stage === undefined) read(size);
    else
      stage.run(() => {
        read(size);
      });
  };
  stream.once('end', () => {
    for (const stage of stages()) stage.succeed();
  });
  stream.once(errorMonitor, (error: unknown) => {
    for (const stage of stages()) {
      if (isAbort(error)) stage.cancel();
      else stage.fail(error);
    }
  });
  stream.once('close', () => {
    for (const stage of stages()) if (!stage.hasEnded) stage.cancel();
  });
}

/** What Node destroys a stream with whose consumer has had enough: a `break` in `for await`, an aborted signal. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ABORT_ERR';
}
