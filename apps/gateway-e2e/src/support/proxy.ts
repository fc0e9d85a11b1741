import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a browser and a gateway, so that a test can break their connections. */
export class Proxy implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #bytesLeft = Infinity;
  #act: (() => void) | undefined;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = new URL(target);
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (client) => {
      this.#forward(client);
    });
  }

  static async start(target: string): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target);
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
    gateway.pipe(client);
    gateway.on('data', ({ length }: Buffer) => {
      this.#bytesLeft -= length;
      if (this.#bytesLeft <= 0) this.#act?.();
    });
  }
}
