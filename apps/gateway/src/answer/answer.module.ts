import { Module } from '@nestjs/common';
import { AnswerService } from './answer.service.js';
import { ExtractiveAnswerer } from './extractive-answerer.service.js';
import { PromptService } from './prompt.service.js';

@Module({
  providers: [AnswerService, ExtractiveAnswerer, PromptService],
  exports: [AnswerService, PromptService],
})
export class AnswerModule {}
