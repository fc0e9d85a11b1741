import { Module } from '@nestjs/common';
import { CorpusModule } from '../corpus/corpus.module.js';
import { AnswerCache } from './answer-cache.service.js';
import { Flights } from './flights.service.js';
import { L1Cache } from './l1-cache.service.js';
import { L2Cache } from './l2-cache.service.js';
import { RedisService } from './redis.service.js';

@Module({
  imports: [CorpusModule],
  providers: [AnswerCache, Flights, L1Cache, L2Cache, RedisService],
  exports: [AnswerCache, Flights],
})
export class CacheModule {}
