import { Module } from '@nestjs/common';
import { StagesController } from './stages.controller.js';
import { TracesController } from './traces.controller.js';

@Module({ controllers: [TracesController, StagesController] })
export class TracesModule {}
