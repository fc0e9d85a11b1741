import { StartError } from './environment.js';

/** Says which variable to change when the address cannot be listened on; any other error comes back as it is. */
export function explainListenError(error: unknown, host: string, port: number): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new StartError(`PORT ${port} on ${host} is taken; choose another, or 0 for any free one`);
    case 'EACCES':
      return new StartError(
        `PORT ${port} needs rights that this process does not have; choose one above 1023`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`HOST ${JSON.stringify(host)} is not an address of this machine`);
    default:
      return error;
  }
}
