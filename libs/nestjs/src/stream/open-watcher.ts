/** A stream that is open. */
export interface WatchedStream {
  /** Two of its events were this many milliseconds apart. */
  gap(gapMs: number): void;
  /** It is open no longer. */
  closed(): void;
}

/** Told of what is open now, which the record of an ended stage cannot tell. */
export interface OpenWatcher {
  /** A request is being answered. */
  requestOpened(): void;
  /** It is no longer, however it ended. */
  requestClosed(): void;
  streamOpened(route: string): WatchedStream;
}

const UNWATCHED_STREAM: WatchedStream = { gap: () => {}, closed: () => {} };

/** Where nobody wants to know. */
export const NO_WATCHER: OpenWatcher = {
  requestOpened: () => {},
  requestClosed: () => {},
  streamOpened: () => UNWATCHED_STREAM,
};
