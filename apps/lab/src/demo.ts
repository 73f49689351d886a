/** `npm run demo`: everything from nothing, the journey step by step with its times, then a fabric to play with. */
import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { administrate } from './demo/administration.js';
import { startDemoDevices } from './demo/demo-devices.js';
import { type JourneyResult, orderNetwork, takeOver, terminate } from './demo/journey.js';
import { startStack } from './demo/stack.js';
import { TrameClient } from './demo/trame-client.js';
import { demoInventory } from './fabrics/demo-inventory.js';
import { type LabDns, missingForPowerDns, resolve, startNameServer } from './powerdns/index.js';
import { scratchDirectory } from './scratch-directory.js';

const ZONES = ['cust.example', '20.10.in-addr.arpa'];

const options = new Command('demo')
  .description('Starts a fabric, the service and a name server, orders a network and proves it.')
  .option('--exit', 'end afterwards instead of leaving everything running')
  .option('--json', 'print one machine-readable line at the end')
  .option('--undo', 'remove the network again and compare every device with before')
  .parse()
  .opts<{ exit?: boolean; json?: boolean; undo?: boolean }>();

const startedAt = performance.now();
const stamp = (): string => `${((performance.now() - startedAt) / 1000).toFixed(2).padStart(7)} s  `;
/** Talk goes to stderr, the result to stdout. */
const say = (line: string): void => void process.stderr.write(`${stamp()}${line}\n`);
const cleanups: (() => Promise<unknown>)[] = [];

async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error: unknown) => say(`clean-up: ${String(error)}`));
}

async function timed<T>(stages: Record<string, number>, name: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  stages[name] = Math.round((performance.now() - from) / 10) / 100;
  return result;
}

async function startDns(directory: string): Promise<LabDns> {
  const missing = missingForPowerDns();
  if (missing.length > 0) say(`PowerDNS is simulated: ${missing.join('; ')}`);
  return startNameServer({ directory: join(directory, 'powerdns'), zones: ZONES });
}

async function main(): Promise<number> {
  const stages: Record<string, number> = {};
  const directory = await scratchDirectory('trame-demo-');
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  const devices = await timed(stages, 'devices', () => startDemoDevices(join(directory, 'lab')));
  cleanups.push(() => devices.close());
  say(
    devices.kind === 'real'
      ? 'hosts pve1 and pve2 are real: FRR, ifupdown2 and sshd in namespaces'
      : `hosts are simulated: ${devices.missing.join('; ')}`,
  );
  const dns = await timed(stages, 'nameServer', () => startDns(directory));
  cleanups.push(() => dns.stop());
  const stack = await timed(stages, 'service', () => startStack({ directory, ...databaseFrom(process.env) }));
  cleanups.push(() => stack.stop());
  say(
    `API ${stack.apiUrl}/graphql, worker pid ${stack.processes.find(({ name }) => name === 'worker')?.pid}, logs in ${stack.logDirectory}`,
  );
  const nameServer = { apiUrl: dns.apiUrl, apiKey: dns.apiKey, zones: ZONES };
  const world = await timed(stages, 'load', () => administrate(stack.config, demoInventory(devices.endpoints), nameServer));
  say('fabric lab loaded: leaf TEST, hosts pve1 and pve2, pools, customer Acme, portal');
  const client = new TrameClient(stack.apiUrl);
  await timed(stages, 'takeover', () => takeOver(client, world, say));
  say('takeover applied and verified: BGP is up, the fabric is at its intent');
  const before = await devices.configurations();
  const journey = await orderNetwork(client, world, devices, (name, type) => lookUp(dns.dnsPort, name, type), 'ORD-1', say);
  if (options.undo) await undo(client, world, devices, before);
  const summary = { ...journey, hosts: devices.kind, seconds: { ...stages, ...journey.seconds } };
  if (options.json) process.stdout.write(`${JSON.stringify(inOrder(summary))}\n`);
  const isGood = journey.order === 'ACTIVE' && journey.ping !== false;
  if (options.exit || !isGood) return isGood ? 0 : 1;
  say(`everything is running. GraphQL: ${stack.apiUrl}/graphql`);
  say(`operator token: ${world.operatorToken}`);
  say(`portal: ${stack.apiUrl}/hooks/portal, secret ${world.portalSecret}`);
  say('Ctrl-C ends it.');
  await new Promise(() => undefined); // Until a signal ends it.
  return 0;
}

const inOrder = ({ order, hosts, ping, allocations, devices, dns, seconds }: JourneyResult & { hosts: string }) => ({
  order,
  hosts,
  ping,
  allocations,
  devices,
  dns,
  seconds,
});

/** A PTR is asked for by address. A name that is not there yet is no answer. */
const lookUp = (port: number, name: string, type: 'A' | 'PTR'): Promise<string[]> => resolve(port, name, type).catch(() => []);

function databaseFrom(env: NodeJS.ProcessEnv): { databaseUrl?: string; redisUrl?: string } {
  return {
    ...(env['DATABASE_URL'] ? { databaseUrl: env['DATABASE_URL'] } : {}),
    ...(env['REDIS_URL'] ? { redisUrl: env['REDIS_URL'] } : {}),
  };
}

async function undo(
  client: TrameClient,
  world: Parameters<typeof terminate>[1],
  devices: Awaited<ReturnType<typeof startDemoDevices>>,
  before: ReadonlyMap<string, string>,
): Promise<void> {
  const state = await terminate(client, world, 'ORD-1', say);
  const after = await devices.configurations();
  const changed = [...before].filter(([device, text]) => after.get(device) !== text).map(([device]) => device);
  say(`removal is ${state}; ${changed.length === 0 ? 'every device is byte-identical to before' : `CHANGED: ${changed.join(', ')}`}`);
}

main().then(
  async (code) => {
    await cleanUp();
    process.exit(code);
  },
  async (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await cleanUp();
    process.exit(1);
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
