import { stageDefinition } from '@followspot/core';

/** The root of every HTTP trace. Its name becomes method and route template once they are known. */
export const REQUEST_STAGE = stageDefinition('HTTP.1_REQUEST', { kind: 'request' });

/** The answer of an `@Sse` handler: from the call of the handler to the end of the stream. */
export const STREAM_STAGE = stageDefinition('HTTP.2_STREAM', { kind: 'stream', name: 'SSE Stream' });
