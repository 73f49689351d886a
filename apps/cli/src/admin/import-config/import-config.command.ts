import type { Command } from 'commander';
import { onboard } from '#engines/onboarding';
import { print } from '../../commands/output.js';
import { linesOf } from './print-onboarding.js';
import { readFiles } from './read-files.js';

/** As `terraform plan -detailed-exitcode`. */
const CHANGES_PENDING = 2;

interface Options {
  readonly device: readonly string[];
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

/** Offline: it reads files and needs neither database nor API. */
export function addImportConfig(kind: Command): void {
  kind
    .command('config')
    .description('read the configurations of running devices, say what is wrong with them, and show that taking them over changes nothing')
    .requiredOption(
      '--device <name=path...>',
      'files of one device, or a folder with them: running-config of EOS, frr.conf, interfaces(5), /etc/pve/sdn, XML of libvirt, dump of Open vSwitch; again for each device',
    )
    .option('--json', 'print it as JSON')
    .option('--exit-code', 'end with 2 when something would not come back as it is')
    .addHelpText('after', '\nExample:\n  trame import config --device pve1=etc/pve1 --device TEST=leaf.txt')
    .action(({ device, json, exitCode }: Options) => {
      const { files, skipped } = readFiles(device);
      for (const name of skipped) console.error(`${name} was not read: it is none of what can be imported`);
      const onboarding = onboard(files);
      const { snapshot, lint, report, summary } = onboarding;
      print({ output: json === true ? 'json' : 'text' }, { version: 1, summary, lint, ...report, snapshot }, linesOf(onboarding));
      if (exitCode === true && report.differences > 0) process.exitCode = CHANGES_PENDING;
    });
}
