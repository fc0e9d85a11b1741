import { Module } from '@nestjs/common';
import { ExtractiveAnswerer } from './extractive-answerer.service.js';
import { PromptService } from './prompt.service.js';

@Module({ providers: [PromptService, ExtractiveAnswerer], exports: [PromptService, ExtractiveAnswerer] })
export class AnswerModule {}
