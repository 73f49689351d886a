/** The devices of the demo: real hosts in namespaces where the machine can, simulated ones where it cannot. The leaf is an EOS simulator in both. */
import { generateSshKeyPair } from '#adapters/ssh';
import { startEosDataplane } from '../eos-dataplane/index.js';
import { type EosSimulator, startEosSimulator } from '../eos-simulator/index.js';
import type { DemoDevice, DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { Lab, type LabNode, type LabVm, missingForRealHosts } from '../hosts/index.js';
import { startSimulatedHosts } from '../simulated-host/index.js';
import { SimulatedFabric } from '../simulated-fabric.js';

/** Guests as the customer plugs them in: two virtual machines, and a server behind the leaf. */
export const GUESTS = [
  { name: 'vm1', on: 'pve1', address: '10.20.0.10', mac: 'bc:24:11:8f:74:b6' },
  { name: 'vm2', on: 'pve2', address: '10.20.0.11', mac: 'bc:24:11:8f:74:b7' },
  { name: 'srv1', on: 'test', address: '10.20.0.12', mac: '50:00:00:1b:00:00' },
] as const;

export interface DemoDevices {
  readonly kind: 'real' | 'simulated';
  /** Why it is not real. */
  readonly missing: readonly string[];
  readonly endpoints: Readonly<Record<DemoDevice, DeviceEndpoint>>;
  /** Virtual machines by name; empty where nothing forwards. */
  readonly guests: ReadonlyMap<string, LabVm>;
  /** Where a hand can be laid on a device; empty where it is simulated. */
  readonly nodes: ReadonlyMap<string, LabNode>;
  /** Everything that Trame writes on each device, as bytes to compare. */
  configurations(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

const EAPI_USER = { username: 'trame', password: 'trame-lab' } as const;
const HOST_FILES = ['/etc/network/interfaces.d/trame', '/etc/frr/frr.conf'] as const;

/**
 * @param directory for the namespaces' files; made and removed by the devices.
 * @param missing what real hosts need and this machine lacks; with any of it they are simulated.
 */
export async function startDemoDevices(directory: string, missing: readonly string[] = missingForRealHosts()): Promise<DemoDevices> {
  return missing.length === 0 ? startReal(directory) : startSimulated(missing);
}

async function startReal(directory: string): Promise<DemoDevices> {
  const key = generateSshKeyPair();
  const lab = await Lab.create(directory);
  try {
    const [pve1, pve2, leaf] = await Promise.all([
      lab.host('pve1', { authorizedKeys: [key.publicKey] }),
      lab.host('pve2', { authorizedKeys: [key.publicKey] }),
      lab.node('test'),
    ]);
    await lab.link(leaf, 'Ethernet1', pve1, 'ens19');
    await lab.link(leaf, 'Ethernet3', pve2, 'ens19');
    const places = { pve1, pve2, test: leaf };
    const guests = new Map<string, LabVm>();
    for (const guest of GUESTS) {
      // The server's cable ends on the leaf's port; virtual machines get a tap.
      const tap = guest.on === 'test' ? { tap: 'Ethernet2' } : {};
      guests.set(guest.name, await lab.addVm(places[guest.on], guest.name, { address: `${guest.address}/24`, mac: guest.mac, ...tap }));
    }
    await leaf.run(['ip', 'link', 'set', 'Ethernet2', 'up']); // The cable is in.
    const dataplane = await startEosDataplane(leaf);
    const test = await startEosSimulator({ hostname: 'TEST', slug: 'test', users: [EAPI_USER], dataplane });
    const ssh = (host: typeof pve1): DeviceEndpoint => ({
      address: host.sshAddress,
      port: host.sshPort,
      username: 'root',
      secret: key.privateKey,
      sshHostKeys: [host.sshHostKey],
    });
    return {
      kind: 'real',
      missing: [],
      endpoints: { pve1: ssh(pve1), pve2: ssh(pve2), test: eapi(test) },
      guests,
      nodes: new Map([
        ['pve1', pve1.node],
        ['pve2', pve2.node],
        ['test', leaf],
      ]),
      configurations: async () => {
        const read = async (host: typeof pve1): Promise<string> =>
          (await Promise.all(HOST_FILES.map((path) => host.node.run(['sh', '-c', 'cat "$1" 2>/dev/null || true', 'read', path])))).join(
            '\n',
          );
        return new Map([
          ['pve1', await read(pve1)],
          ['pve2', await read(pve2)],
          ['test', test.device.runningConfig()],
        ]);
      },
      close: async () => {
        await test.close();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function startSimulated(missing: readonly string[]): Promise<DemoDevices> {
  const key = generateSshKeyPair();
  const fabric = new SimulatedFabric();
  const simulated = await startSimulatedHosts({ hosts: [{ slug: 'pve1' }, { slug: 'pve2' }], authorizedKeys: [key.publicKey], fabric });
  const test = await startEosSimulator({ hostname: 'TEST', slug: 'test', users: [EAPI_USER], fabric });
  const host = (slug: string) => {
    const found = simulated.hosts.get(slug);
    if (!found) throw new Error(`no simulated host ${slug}`);
    return found;
  };
  const ssh = (slug: string): DeviceEndpoint => ({
    address: host(slug).sshAddress,
    port: host(slug).sshPort,
    username: 'root',
    secret: key.privateKey,
    sshHostKeys: [host(slug).sshHostKey],
  });
  return {
    kind: 'simulated',
    missing,
    endpoints: { pve1: ssh('pve1'), pve2: ssh('pve2'), test: eapi(test) },
    guests: new Map(),
    nodes: new Map(),
    configurations: async () =>
      new Map([
        ...(['pve1', 'pve2'] as const).map(
          (slug) => [slug, HOST_FILES.map((path) => host(slug).system.readFile(path) ?? '').join('\n')] as const,
        ),
        ['test', test.device.runningConfig()] as const,
      ]),
    close: async () => {
      await test.close();
      await simulated.close();
    },
  };
}

const eapi = (simulator: EosSimulator): DeviceEndpoint => ({
  address: simulator.address,
  port: simulator.port,
  username: EAPI_USER.username,
  secret: EAPI_USER.password,
  tlsSpkiSha256: [simulator.spkiSha256],
});
