// Servers and the generator of load are processes of their own; this is how they are started and asked.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { MEMORY_ARGUMENTS } from '../harness/memory.ts';

/**
 * One size for the young space of all. Left alone, V8 lets it grow with what survives in some moment or other: to anything
 * between 4 and 115 MB of applications that keep the same, which decides how often garbage is collected and hides in
 * resident memory what is kept.
 */
const YOUNG_SPACE = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** What a process can be asked for, by name. Arguments and answers are JSON. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In the process that is asked: answers for as long as there is a parent. */
export function answerQuestions(answers: Answers): void {
  process.on('message', (question: Question) => {
    void answerTo(question, answers).then((reply) => process.send?.(reply));
  });
  process.once('disconnect', () => process.exit());
  process.send?.({ number: 0 } satisfies Reply);
}

async function answerTo({ number, name, argument }: Question, answers: Answers): Promise<Reply> {
  try {
    return { number, value: await answers[name]?.(argument as never) };
  } catch (error) {
    return { number, error: String(error) };
  }
}

/** In the process that asks: another one, which ends with it. */
export class Process {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  private constructor(file: string, args: readonly string[], nodeArguments: readonly string[]) {
    this.name = args[0] ?? file;
    this.#child = fork(join(import.meta.dirname, file), [...args], {
      execArgv: [...MEMORY_ARGUMENTS, ...YOUNG_SPACE, ...nodeArguments],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#child.on('message', (reply: Reply) => {
      this.#received(reply);
    });
    this.#child.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`the process of "${this.name}" ended with ${String(code)}`));
      }
    });
  }

  /** Resolves when it can be asked. */
  static async start(
    file: string,
    args: readonly string[] = [],
    nodeArguments: readonly string[] = [],
  ): Promise<Process> {
    const started = new Process(file, args, nodeArguments);
    await started.#reply(0);
    return started;
  }

  async ask<T>(name: string, argument?: unknown): Promise<T> {
    this.#count += 1;
    this.#child.send({ number: this.#count, name, argument } satisfies Question);
    return (await this.#reply(this.#count)) as T;
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await ended;
  }

  #reply(number: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    return waiting.promise;
  }

  #received({ number, value, error }: Reply): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(`${this.name}: ${error}`));
  }
}
