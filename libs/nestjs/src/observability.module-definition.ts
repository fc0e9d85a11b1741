import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ObservabilityOptions } from './config/observability-options.js';

/** What Nest's builder makes of the options: `forRoot`, `forRootAsync` and the token under which they are provided. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ObservabilityOptions>().setClassMethodName('forRoot').build();
