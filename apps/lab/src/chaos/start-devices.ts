import { join } from 'node:path';
import { generateSshKeyPair } from '#adapters/ssh';
import { startEosSimulator } from '../eos-simulator/index.js';
import { CHAOS_HOSTS, CHAOS_LEAFS, LEAF_PORT_COUNT } from '../fabrics/chaos-inventory.js';
import { SimulatedFabric } from '../simulated-fabric.js';
import { startSimulatedHosts } from '../simulated-host/index.js';
import type { DeviceUnderTest } from './device-under-test.js';
import { HostUnderTest } from './host-under-test.js';
import { EAPI_USER, LEAF_BOOT_MS, LeafUnderTest } from './leaf-under-test.js';

/** Milliseconds that a host takes to put a change in force: real ones need some 500; here time for accidents in between. */
const APPLY_MS = 150;

/** Six hosts and two leafs in this process; they outlive everything that is killed. */
export async function startDevices(directory: string): Promise<ReadonlyMap<string, DeviceUnderTest>> {
  const key = generateSshKeyPair();
  const fabric = new SimulatedFabric();
  const simulated = await startSimulatedHosts({
    hosts: CHAOS_HOSTS.map((slug) => ({ slug })),
    authorizedKeys: [key.publicKey],
    fabric,
    applyMs: APPLY_MS,
    journalFile: join(directory, 'hosts.jsonl'),
  });
  const hosts = [...simulated.hosts.values()].map((host) => new HostUnderTest(host, key.privateKey));
  const leafs = await Promise.all(
    CHAOS_LEAFS.map(
      async (slug) =>
        new LeafUnderTest(
          slug,
          await startEosSimulator({ hostname: slug, users: [EAPI_USER], ethernetPorts: LEAF_PORT_COUNT, fabric, bootMs: LEAF_BOOT_MS }),
        ),
    ),
  );
  return new Map([...hosts, ...leafs].map((device) => [device.slug, device]));
}
