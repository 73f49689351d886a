import fs from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { invalidValue, isDomainError, Slug } from '#engines/kernel';
import { onboard, slugOf } from '#engines/onboarding';
import { print } from '../../commands/output.js';
import { printable } from '../../printable.js';
import { linesOf } from './print-onboarding.js';
import { readFiles } from './read-files.js';
import { clusterUrl, readProxmox, type ReadProxmox } from './read-proxmox.js';
import { type FabricToWrite, writeFabric } from './write-fabric.js';

/** As `terraform plan -detailed-exitcode`. */
const CHANGES_PENDING = 2;
/** Exit code of a check that refuses (docs: exit codes). */
const REFUSED = 5;

interface Options {
  readonly device?: readonly string[];
  readonly proxmox?: URL;
  readonly tokenFile?: string;
  readonly pin?: readonly string[];
  readonly json?: boolean;
  readonly exitCode?: boolean;
  readonly writeFabric?: string;
  readonly fabric: Slug;
  readonly site: Slug;
  readonly tenant: Slug;
  readonly management: FabricToWrite['management'];
}

/** It reads files, or asks a cluster that it is told of; it needs neither database nor API. */
export function addImportConfig(kind: Command): void {
  kind
    .command('config')
    .description('read the configurations of running devices, say what is wrong with them, and show that taking them over changes nothing')
    .option(
      '--device <name=path...>',
      'files of one device, or a folder with them: running-config of EOS, frr.conf, interfaces(5), /etc/pve/sdn, XML of libvirt, dump of Open vSwitch; again for each device',
    )
    .option('--proxmox <url>', 'read the SDN of a cluster of Proxmox VE through its API: https://pve1:8006', clusterUrl)
    .option('--token-file <file>', 'with its token, user@realm!name=secret, which needs SDN.Audit on /sdn and Sys.Audit on /')
    .option('--pin <spki...>', "SHA-256 of its key, base64; again for each node's")
    .option('--json', 'print it as JSON')
    .option('--exit-code', 'end with 2 when something would not come back as it is')
    .option('--write-fabric <file>', 'write what `trame fabric load` takes; ends with 5 when the document cannot say all of it')
    .option('--fabric <slug>', 'name of the fabric that is written', slug, Slug.parse('imported'))
    .option('--site <slug>', 'where all its devices are', slug, Slug.parse('site1'))
    .option('--tenant <slug>', 'whose its networks become', slug, Slug.parse('imported'))
    .option(
      '--management <name=address...>',
      'address by which Trame reaches a device, and its port: pve1=192.0.2.1:22',
      reached,
      new Map(),
    )
    .addHelpText('after', '\nExample:\n  trame import config --device pve1=etc/pve1 --device TEST=leaf.txt --write-fabric fabric.json')
    .action(async (options: Options) => {
      const { files, skipped } = readFiles(options.device ?? []);
      for (const name of skipped) console.error(`${name} was not read: it is none of what can be imported`);
      const cluster = await clusterOf(options);
      if (cluster === null && options.device === undefined) throw new InvalidArgumentError('--device or --proxmox is needed');
      const onboarding = onboard([...files, ...(cluster === null ? [] : [cluster.file])]);
      if (cluster !== null) sayWhatIsLeft(cluster);
      const { snapshot, names, lint, report, summary } = onboarding;
      print(
        { output: options.json === true ? 'json' : 'text' },
        { version: 1, summary, lint, ...report, snapshot, names },
        linesOf(onboarding),
      );
      if (options.exitCode === true && report.differences > 0) process.exitCode = CHANGES_PENDING;
      if (options.writeFabric !== undefined) write(options.writeFabric, onboarding, cluster?.pending ?? [], options);
    });
}

/** @param file is there afterwards, whole or not: what it does not say is named. */
function write(file: string, { snapshot, names, report }: ReturnType<typeof onboard>, pending: readonly string[], options: Options): void {
  const management = new Map([...options.management].map(([name, place]) => [slugOf(name), place]));
  const stranger = [...management.keys()].find((device) => !snapshot.devices.some((one) => one.slug === device));
  if (stranger !== undefined) throw invalidValue('management', stranger, snapshot.devices.map((device) => device.slug).join(', '));
  const to = { slug: options.fabric, site: options.site, tenant: options.tenant, management };
  const { document, notCarried } = writeFabric(snapshot, to, names);
  fs.writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  for (const line of notCarried) console.error(printable(`not carried over: ${line}`));
  if (report.differences > 0) process.exitCode = CHANGES_PENDING;
  if (notCarried.length + pending.length > 0) process.exitCode = REFUSED;
}

async function clusterOf({ proxmox, tokenFile, pin = [] }: Options): Promise<ReadProxmox | null> {
  if (proxmox === undefined) return null;
  if (tokenFile === undefined || pin.length === 0) throw new InvalidArgumentError('--proxmox needs --token-file and --pin');
  return readProxmox({ url: proxmox, tokenFile, pins: pin });
}

function sayWhatIsLeft({ file, pending, own }: ReadProxmox): void {
  if (own > 0) console.error(`${file.device}: ${own} objects that Trame has written were left out`);
  for (const line of pending) console.error(printable(`${file.device}: ${line}; apply it or take it back, and import again`));
}

/** Devices are named by people, and their slugs are made of that. */
function reached(text: string, known: FabricToWrite['management']): FabricToWrite['management'] {
  const [, name, address, , port] = /^([A-Za-z0-9][\w.-]{0,62})=(\[[0-9A-Fa-f:]+\]|[^:\s]+|[0-9A-Fa-f:]+)(:(\d{1,5}))?$/.exec(text) ?? [];
  if (name === undefined || address === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535)
    throw new InvalidArgumentError(`${text} is not NAME=ADDRESS or NAME=ADDRESS:PORT, e.g. pve1=192.0.2.1`);
  return new Map([...known, [name, { address: address.replace(/^\[|\]$/g, ''), ...(port !== undefined && { port: Number(port) }) }]]);
}

function slug(text: string): Slug {
  try {
    return Slug.parse(text);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
