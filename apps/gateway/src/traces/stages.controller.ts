import { BadRequestException, Controller, Get, NotFoundException, Param, Query } from '@nestjs/common';
import { ExecutionTracker, type StageStatistics } from '@followspot/nestjs';

const DEFAULT_LIMIT = 100;
/** As many executions per stage as Followspot remembers by default. */
const MAX_LIMIT = 1_000;

@Controller('stages')
export class StagesController {
  constructor(private readonly tracker: ExecutionTracker) {}

  /** Percentiles over the last executions of a stage. */
  @Get(':stageId/statistics')
  statistics(@Param('stageId') stageId: string, @Query('limit') limit: unknown): StageStatistics {
    const statistics = this.tracker.getStageStatistics(stageId, limitOf(limit));
    if (statistics !== undefined) return statistics;
    const shown = JSON.stringify(stageId.slice(0, 64));
    throw new NotFoundException(`No stage ${shown} has run; one of a search is 3.0_RETRIEVAL`);
  }
}

function limitOf(query: unknown): number {
  if (query === undefined) return DEFAULT_LIMIT;
  const limit = typeof query === 'string' && /^\d{1,4}$/.test(query) ? Number(query) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  const shown = JSON.stringify(query).slice(0, 64);
  throw new BadRequestException(`limit must be a whole number from 1 to ${MAX_LIMIT}, got ${shown}`);
}
