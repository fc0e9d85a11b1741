import { Global, Module } from '@nestjs/common';
import { GatewayConfig } from './gateway-config.js';

@Global()
@Module({
  providers: [{ provide: GatewayConfig, useFactory: () => new GatewayConfig(process.env) }],
  exports: [GatewayConfig],
})
export class ConfigModule {}
