/** The journey as a test: real processes, real Postgres, real or simulated devices and name server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administrate, type DemoWorld } from '../../apps/lab/src/demo/administration.js';
import { type DemoDevices, startDemoDevices } from '../../apps/lab/src/demo/demo-devices.js';
import { takeOver } from '../../apps/lab/src/demo/journey.js';
import { type Stack, startStack } from '../../apps/lab/src/demo/stack.js';
import { TrameClient } from '../../apps/lab/src/demo/trame-client.js';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { type LabDns, resolve, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { createTestDatabase } from './database.js';
import { KeptNetBox } from './kept-netbox.js';

export interface JourneyWorld {
  readonly devices: DemoDevices;
  readonly dns: LabDns;
  readonly netbox: KeptNetBox;
  readonly stack: Stack;
  readonly world: DemoWorld;
  readonly client: TrameClient;
  /** A record, or none. */
  readonly lookUp: (name: string, type: 'A' | 'PTR') => Promise<string[]>;
  close(): Promise<void>;
}

const ZONES = ['cust.example', '20.10.in-addr.arpa'];

/** @param missing empty for real devices. */
export async function startJourney(missing: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<JourneyWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'trame-journey-'));
  const database = await createTestDatabase();
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true }), () => database.drop()];
  const close = async (): Promise<void> => {
    for (const step of closing.reverse()) await step();
  };
  try {
    const devices = await startDemoDevices(join(directory, 'lab'), missing);
    closing.push(() => devices.close());
    const dns = await startNameServer({ directory: join(directory, 'dns'), zones: ZONES });
    closing.push(() => dns.stop());
    const stack = await startStack({ directory, databaseUrl: database.url, env });
    closing.push(() => stack.stop());
    const world = await administrate(stack.config, demoInventory(devices.endpoints), {
      apiUrl: dns.apiUrl,
      apiKey: dns.apiKey,
      zones: ZONES,
    });
    const client = new TrameClient(stack.apiUrl);
    // What goes away is shown there for a moment and not for a day.
    const connecting = KeptNetBox.connect(client, world.operatorToken, { graceSeconds: 1 });
    closing.push(async () => (await connecting.catch(() => undefined))?.close());
    const [netbox] = await Promise.all([connecting, takeOver(client, world, () => undefined)]);
    return { devices, dns, netbox, stack, world, client, lookUp: (name, type) => resolve(dns.dnsPort, name, type).catch(() => []), close };
  } catch (error) {
    await close();
    throw error;
  }
}
