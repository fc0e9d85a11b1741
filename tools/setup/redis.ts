// Makes redis-server available to the tests that need a real one.
import { provide } from './debian-package.ts';

provide(
  'redis-server',
  'redis-server',
  "`apt-get install redis-server`, `brew install redis` or your system's own way",
);
