import { createClient, ErrorReply } from '@redis/client';

/** The longest pause between two attempts to connect. */
const MAX_RETRY_MS = 2_000;
/** Beyond this many commands without a reply, further ones fail at once. */
const MAX_COMMANDS_WAITING = 1_000;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** A client that connects again by itself and fails commands at once while it is not connected. */
export function createRedisClient(url: string, timeoutMs: number) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS_WAITING,
    socket: {
      connectTimeout: timeoutMs,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, MAX_RETRY_MS),
    },
  });
}

/** Whether Redis is there and does not do what it is told: its memory is full, it is a replica, a password is missing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ErrorReply;
}
