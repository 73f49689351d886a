import fs from 'node:fs';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { type Command, InvalidArgumentError } from 'commander';
import { FabricService } from '#contexts/fabric';
import { Farewell } from '#contexts/provisioning';
import { compileFabric, type FabricIntent, type Finding } from '#engines/intent';
import { DomainError } from '#engines/kernel';
import { type Artefact, exportDevice, renderDevice } from '#engines/rendering';
import { Database, loadConfig, systemScope } from '#platform';
import { withContexts } from '../../contexts.js';
import { localEnvironment } from '../../local-settings.js';
import { printable } from '../../printable.js';
import { loadDocument, readDocument } from './load-document.js';

const SCOPE = systemScope('render');
/** Exit code of a check that refuses (docs: exit codes). */
const REFUSED = 5;

export function addFabric(program: Command): void {
  const fabric = program.command('fabric').description('the fabric as a whole, straight from the database');
  fabric
    .command('load <file>')
    .description('load a fabric from one JSON document: sites, devices with their facts, links, sessions, pools, tenants; all or nothing')
    .option('--dry-run', 'say what the checks find, and keep nothing')
    .action((file: string, { dryRun = false }: { dryRun?: boolean }) => load(file, dryRun));
  fabric
    .command('render [device]')
    .description('what every device, or one, shall have: all artefacts, also those that nobody pushes')
    .option('--out <directory>', 'write <directory>/<device>/<path> in place of printing')
    .option('--json', 'a JSON object for each artefact, one a line')
    .option('--data', 'as data for other tools in place of its dialects: the intent in JSON, and variables of Ansible')
    .action((device: string | undefined, options: RenderOptions) => render(device, options));
  fabric
    .command('manage <device>')
    .description(
      'who writes to a device from now on: OBSERVE, nobody; SECTION, Trame in what it owns, and a person approves the first plan',
    )
    .requiredOption('--mode <mode>', 'OBSERVE or SECTION', mode)
    .action((device: string, { mode: wanted }: { mode: Mode }) => manage(device, wanted));
  fabric
    .command('give-up <device>')
    .description('a device that never comes back: its networks are there no more, nobody waits for it, and Trame does not write to it')
    .requiredOption('--because <reason>', 'for the audit')
    .action((device: string, { because }: { because: string }) => giveUp(device, because));
}

type Mode = (typeof MODES)[number];
const MODES = ['OBSERVE', 'SECTION'] as const;

function mode(text: string): Mode {
  const found = MODES.find((one) => one === text.toUpperCase());
  if (found === undefined) throw new InvalidArgumentError(`it is ${MODES.join(' or ')}`);
  return found;
}

async function manage(name: string, managed: Mode): Promise<void> {
  const isChanged = await withContexts(loadConfig(localEnvironment()), (app) =>
    app.get(Database).inTransaction(systemScope('fabric-manage'), async (tx) => {
      const fabric = app.get(FabricService, { strict: false });
      return fabric.manage(tx, (await fabric.deviceCalled(tx, name)).id, managed);
    }),
  );
  console.log(printable(`${name}: ${managed}${isChanged ? '' : ', as before'}`));
}

async function giveUp(name: string, reason: string): Promise<void> {
  const { slug, places } = await withContexts(loadConfig(localEnvironment()), (app) =>
    app.get(Database).inTransaction(systemScope('fabric-give-up'), async (tx) => {
      const { id } = await app.get(FabricService, { strict: false }).deviceCalled(tx, name);
      return app.get(Farewell, { strict: false }).giveUp(tx, id, reason);
    }),
  );
  console.log(printable(`${slug} is given up: OBSERVE, and no network of ours is there, as far as Trame is concerned`));
  for (const { network, vni, vlan } of places) console.log(printable(`  ${network}: VNI ${vni}${vlan === null ? '' : `, VLAN ${vlan}`}`));
  if (places.length > 0) console.log('nobody has taken these from it: see that it stays off, or clean it, before it has a link again');
}

async function load(file: string, isTrial: boolean): Promise<void> {
  const document = readDocument(file);
  const { findings, isKept } = await withContexts(loadConfig(localEnvironment()), (app) => loadDocument(app, document, { file, isTrial }));
  for (const finding of findings) console.error(printable(sentence(finding)));
  const refused = findings.some(({ severity }) => severity === 'ERROR');
  if (refused) process.exitCode = REFUSED;
  const outcome = isKept ? 'loaded' : refused ? 'not loaded: nothing was kept' : 'would be loaded';
  console.log(`${outcome}: fabric ${document.fabric.slug}, ${document.devices.length} devices, ${findings.length} findings`);
}

const sentence = ({ severity, code, path: where, message }: Finding): string => `${severity} ${code} ${where}: ${message}`;

interface RenderOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly data?: boolean;
}

async function render(device: string | undefined, options: RenderOptions): Promise<void> {
  const intents = await withContexts(loadConfig(localEnvironment()), readIntents);
  const devices = intents.flatMap((intent) => intent.devices).filter(({ slug }) => device === undefined || slug === device);
  if (device !== undefined && devices.length === 0) throw new DomainError('NOT_FOUND', `there is no device ${device}`, { device });
  for (const artefact of devices.flatMap(options.data ? exportDevice : renderDevice)) {
    if (options.out !== undefined) write(options.out, artefact);
    else if (options.json) console.log(JSON.stringify(artefact));
    else console.log(`# ${artefact.device} ${artefact.path} (${artefact.format}, sha256 ${artefact.sha256})\n${artefact.content}`);
  }
}

/** @throws DomainError CHECK_FAILED: nothing is rendered from a fabric that cannot work. */
async function readIntents(app: INestApplicationContext): Promise<readonly FabricIntent[]> {
  const fabric = app.get(FabricService, { strict: false });
  return app.get(Database).inTransaction(
    SCOPE,
    async (tx) => {
      const intents: FabricIntent[] = [];
      for (const id of await fabric.fabrics(tx)) intents.push(compileFabric(await fabric.snapshot(tx, id)));
      return intents;
    },
    { isolation: 'REPEATABLE READ' },
  );
}

function write(directory: string, { device, path: file, content, mode }: Artefact): void {
  const target = path.join(directory, device, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, content, { mode });
  console.log(target);
}
