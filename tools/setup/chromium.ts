// Makes Chromium available to the tests of the search page.
import { provide } from './debian-package.ts';

provide(
  'chromium',
  'chromium',
  "`apt-get install chromium` or your system's own way; it must be on the PATH",
);
