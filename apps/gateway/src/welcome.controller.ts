import { Controller, Get } from '@nestjs/common';

@Controller()
export class WelcomeController {
  @Get()
  welcome(): object {
    return {
      gateway: 'Searches the documentation of what you have installed, and shows what every request did.',
      try: [
        "curl -N 'http://HOST:PORT/search?q=how+can+I+log+JSON+with+pino'",
        "curl -H 'Accept: text/plain' http://HOST:PORT/traces/<the X-Trace-ID of any response>",
        'curl http://HOST:PORT/stages/3.0_RETRIEVAL/statistics?limit=100',
      ],
    };
  }
}
