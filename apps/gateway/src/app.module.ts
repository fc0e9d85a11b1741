import { Module } from '@nestjs/common';
import { ObservabilityModule } from '@followspot/nestjs';
import { LoggerModule } from 'nestjs-pino';
import { ConfigModule } from './config/config.module.js';
import { GatewayConfig } from './config/gateway-config.js';
import { logging } from './config/logging.js';
import { observability } from './config/observability.js';
import { SearchModule } from './search/search.module.js';
import { TracesModule } from './traces/traces.module.js';
import { PageController } from './page/page.controller.js';

@Module({
  imports: [
    ConfigModule,
    LoggerModule.forRootAsync({ inject: [GatewayConfig], useFactory: logging }),
    ObservabilityModule.forRootAsync({ inject: [GatewayConfig], useFactory: observability }),
    SearchModule,
    TracesModule,
  ],
  controllers: [PageController],
})
export class AppModule {}
