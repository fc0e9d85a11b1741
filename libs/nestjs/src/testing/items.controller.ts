import {
  BadRequestException,
  Body,
  type CanActivate,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/core';

@Injectable()
class DenyingGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

/** One handler for each way in which Nest answers without streaming. */
@Controller('items')
export class ItemsController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('none')
  @HttpCode(204)
  none(): void {}

  @Get('unchanged')
  @HttpCode(304)
  unchanged(): void {}

  @Get('broken')
  broken(): never {
    throw new Error('secret');
  }

  @Get('refused')
  refused(): never {
    throw new BadRequestException();
  }

  @Get('denied/:id')
  @UseGuards(DenyingGuard)
  denied(): string {
    return 'unreachable';
  }

  @Get('number/:id')
  number(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }

  @Get(':id')
  @TrackStage('1.0_FIND')
  find(@Param('id') id: string): object {
    return { id, traceId: this.tracker.traceId };
  }

  @Post()
  create(@Body() body: object): object {
    return body;
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(): Promise<void> {}
}
