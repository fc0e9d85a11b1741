import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** Stands between a browser and a gateway, or a gateway and its Redis, so that a test can break or slow their connections. */
export class Proxy implements AsyncDisposable {
  readonly url: string;
  /** How much later than it came what the target says is passed on, in a proxy that was started as a slow one. */
  delayMs = 0;
  readonly #server: Server;
  readonly #isSlow: boolean;
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #bytesLeft = Infinity;
  #act: (() => void) | undefined;

  private constructor(server: Server, target: string, isSlow: boolean) {
    this.#server = server;
    this.#isSlow = isSlow;
    this.#target = new URL(target);
    this.url = `${this.#target.protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (client) => {
      this.#forward(client);
    });
  }

  /** @param isSlow Whether `delayMs` counts; it takes the precision from {@link after}. */
  static async start(target: string, isSlow = false): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target, isSlow);
  }

  /** Where connections that are made from now on lead. */
  leadTo(target: string): void {
    this.#target = new URL(target);
  }

  /** Acts when so many further bytes have come from the gateway, at that very moment; resolves when it has. */
  after(bytes: number, act: () => void): Promise<undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#bytesLeft = bytes;
    this.#act = () => {
      this.#bytesLeft = Infinity;
      act();
      resolve(undefined);
    };
    return promise;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(client: Socket): void {
    const { hostname, port } = this.#target;
    const gateway = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.once('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.pipe(gateway);
    // Counted after it is passed on: what has come before the cut arrives.
    if (this.#isSlow) gateway.pipe(this.#delaying()).pipe(client);
    else gateway.pipe(client);
    gateway.on('data', ({ length }: Buffer) => {
      this.#bytesLeft -= length;
      if (this.#bytesLeft <= 0) this.#act?.();
    });
  }
  #delaying(): Transform {
    return new Transform({
      transform: (chunk, _encoding, pass) => {
        setTimeout(pass, this.delayMs, null, chunk);
      },
    });
  }
}
