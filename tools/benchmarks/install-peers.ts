// `npm run bench:peers`: installs what the benchmarks compare with, by the lock file of tools/benchmarks/peers.
import { installPeers } from './peers.ts';

await installPeers();
