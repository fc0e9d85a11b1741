import type { ServerResponse } from 'node:http';
import { Controller, Get, Headers, NotFoundException, Param, Res } from '@nestjs/common';
import { type ExecutionSummary, ExecutionTracker, formatSummary } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { FORCE_TRACKING_HEADER } from '../config/observability.js';

@Controller('traces')
export class TracesController {
  constructor(
    private readonly tracker: ExecutionTracker,
    private readonly config: GatewayConfig,
  ) {}

  /** What one request did: as JSON, or as a tree for whoever asks for `text/plain`. */
  @Get(':threadId')
  summary(
    @Param('threadId') threadId: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): ExecutionSummary | string {
    const summary = this.tracker.getExecutionSummary(threadId);
    if (summary === undefined) throw new NotFoundException(this.#whyMissing(threadId));
    response.setHeader('Vary', 'Accept');
    if (accept?.includes('text/plain') !== true) return summary;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    return `${formatSummary(summary)}\n`;
  }

  #whyMissing(threadId: string): string {
    if (this.tracker.shouldTrack(threadId)) {
      return `There is no trace ${shown(threadId)}: no request had this id, or newer ones have taken its place`;
    }
    if (!this.tracker.shouldTrack(threadId, true))
      return 'Tracking is off: EXECUTION_TRACKING_ENABLED is false';
    const where = this.config.isForceHeaderHonoured
      ? ''
      : ', to a gateway that has FORCE_TRACKING_HEADER=true';
    return (
      `The trace ${shown(threadId)} is outside the sample (rate ${this.tracker.sampleRate}) and was not kept for another ` +
      `reason. To keep the trace of a request, send it with the header ${FORCE_TRACKING_HEADER}: 1${where}`
    );
  }
}

/** As long as a trace id may be. */
function shown(threadId: string): string {
  return JSON.stringify(threadId.length > 128 ? `${threadId.slice(0, 128)}…` : threadId);
}
