/**
 * `npm run netbox`: a real NetBox on 127.0.0.1 from Debian's and PyPI's packages, with nothing in it, until Ctrl-C; needs no container engine.
 * `-- --release 4.7.2` another one; `-- --fetch netbox|debian` fetches it, or its Debian alone, and ends: with 75 where a registry is not to be had.
 */
import 'reflect-metadata';
import { Command, Option } from 'commander';
import { debianRoot, installNetBox, NEWEST_NETBOX, NotToBeHad, startNetBox } from './real-systems/index.js';

/** As sysexits.h has it: try again later. */
const EX_TEMPFAIL = 75;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const command = new Command('npm run netbox --')
    .option('--release <release>', 'as PyPI has it, 4.7.0 or later', NEWEST_NETBOX)
    .addOption(new Option('--fetch <what>', 'fetch it, and end').choices(['netbox', 'debian']))
    .allowExcessArguments(false)
    .parse();
  const { release, fetch } = command.opts<{ release: string; fetch?: 'netbox' | 'debian' }>();
  if (fetch === 'debian') return void (await debianRoot(say));
  if (fetch === 'netbox') return void (await installNetBox(release, say));
  // Whoever ends us while it is fetched or migrated: all of it ends with us, and goes on from there the next time.
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const starting = startNetBox(release, say);
  const netbox = await Promise.race([starting, asked.then(() => null)]);
  if (netbox === null) process.exit(130);
  process.stdout.write(`NetBox ${release}: ${netbox.url}\ntoken: ${netbox.token}\n`);
  say(`npm run contract -- netbox --url ${netbox.url} --token ${netbox.token}\nCtrl-C ends it, and what is in it.`);
  await asked;
  await netbox.stop();
}

await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof NotToBeHad ? EX_TEMPFAIL : 1;
});
