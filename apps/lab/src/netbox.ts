/**
 * `npm run netbox`: a real NetBox on 127.0.0.1 from Debian's and PyPI's packages, with nothing in it, until Ctrl-C; needs no container engine.
 * `-- --release 4.7.2` another one, `-- --install-only` fetches it and ends.
 */
import 'reflect-metadata';
import { Command } from 'commander';
import { installNetBox, NEWEST_NETBOX, startNetBox } from './real-systems/index.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const command = new Command('npm run netbox --')
    .option('--release <release>', 'as PyPI has it, 4.7.0 or later', NEWEST_NETBOX)
    .option('--install-only', 'fetch it, and end', false)
    .allowExcessArguments(false)
    .parse();
  const { release, installOnly } = command.opts<{ release: string; installOnly: boolean }>();
  if (installOnly) return void (await installNetBox(release, say));
  const netbox = await startNetBox(release, say);
  process.stdout.write(`NetBox ${release}: ${netbox.url}\ntoken: ${netbox.token}\n`);
  say(`npm run contract -- netbox --url ${netbox.url} --token ${netbox.token}\nCtrl-C ends it, and what is in it.`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await netbox.stop();
}

await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
