/** `node dist/libs/adapters/ssh/src/print-install-script.js 'ssh-ed25519 AAAA…' > install.sh`: what root runs on a host, see install-script.ts. */
import { installScript } from './install-script.js';

const keys = process.argv.slice(2);
if (keys.length === 0) {
  process.stderr.write("usage: print-install-script.js 'ssh-ed25519 AAAA…' ['another key' …]\n");
  process.exitCode = 64;
} else process.stdout.write(installScript(keys));
