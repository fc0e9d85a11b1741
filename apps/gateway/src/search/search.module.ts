import { Module } from '@nestjs/common';
import { AnswerModule } from '../answer/answer.module.js';
import { CacheModule } from '../cache/cache.module.js';
import { CorpusModule } from '../corpus/corpus.module.js';
import { OpenStreams } from './open-streams.service.js';
import { ReplayBuffer } from './replay-buffer.service.js';
import { ResumableSearch } from './resumable-search.service.js';
import { SearchController } from './search.controller.js';
import { SearchInput } from './search-input.service.js';
import { SearchService } from './search.service.js';

@Module({
  imports: [AnswerModule, CacheModule, CorpusModule],
  controllers: [SearchController],
  providers: [OpenStreams, ReplayBuffer, ResumableSearch, SearchInput, SearchService],
})
export class SearchModule {}
