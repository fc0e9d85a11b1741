import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { type ExecutionSummary, ExecutionTracker } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { FORCE_TRACKING_HEADER } from '../config/observability.js';

@Controller('traces')
export class TracesController {
  constructor(
    private readonly tracker: ExecutionTracker,
    private readonly config: GatewayConfig,
  ) {}

  /** What one request did. */
  @Get(':threadId')
  summary(@Param('threadId') threadId: string): ExecutionSummary {
    const summary = this.tracker.getExecutionSummary(threadId);
    if (summary === undefined) throw new NotFoundException(this.#whyMissing(threadId));
    return summary;
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
