/**
 * Real forwarding for the simulated switch: a node of the lab whose kernel bridges and tunnels, and whose FRR speaks BGP,
 * as the switch's running-config says. What `show bgp evpn summary` or `show vxlan vtep` answer is then what FRR knows.
 */
import type { Dataplane, EvpnPeer, SwitchState } from '../eos-simulator/index.js';
import type { LabNode } from '../hosts/index.js';
import { frrChanges } from './frr-changes.js';
import { frrConfig } from './frr-translation.js';
import { kernelChanges } from './kernel-changes.js';
import { EMPTY_KERNEL, kernelState, type KernelState } from './kernel-state.js';

const FRR_CONF = '/etc/frr/frr.conf';
const FRR_RELOAD = ['/usr/lib/frr/frr-reload.py', '--reload', FRR_CONF] as const;

/** @param node with the cables plugged in under EOS's port names (`Ethernet1`); its FRR is started here. */
export async function startEosDataplane(node: LabNode): Promise<Dataplane> {
  await node.startFrr();
  return new EosDataplane(node);
}

interface FrrRoute {
  readonly rd: string;
  readonly targets: readonly string[];
  readonly vtep: string;
  readonly ip?: string;
  readonly mac?: string;
}

interface FrrPath {
  readonly valid?: boolean;
  readonly local?: boolean;
  readonly extendedCommunity?: { readonly string: string };
  readonly nexthops: readonly { readonly ip: string }[];
}

class EosDataplane implements Dataplane {
  private kernel: KernelState = EMPTY_KERNEL;
  private frr = '';
  private hasBgp = false;

  constructor(private readonly node: LabNode) {}

  /** Tunnels first: FRR takes up a VNI when it meets its interface. */
  async apply(state: SwitchState): Promise<void> {
    const wanted = kernelState(state, await this.cabledPorts());
    const changes = kernelChanges(this.kernel, wanted);
    if (changes.length > 0) await this.node.run(['ip', '-batch', '-'], { stdin: `${changes.join('\n')}\n` });
    this.kernel = wanted;
    const config = frrConfig(state);
    this.hasBgp = state.bgp !== null;
    if (config === this.frr) return;
    await this.node.writeFile(FRR_CONF, config);
    if (!(await this.change(frrChanges(this.frr, config)))) await this.node.run(FRR_RELOAD);
    this.frr = config;
  }

  /** @returns false when FRR did not take all of it: frr-reload.py then starts from what FRR really has. */
  private async change(commands: readonly string[]): Promise<boolean> {
    const { code, stdout } = await this.node.exec(['vtysh', ...['configure terminal', ...commands].flatMap((command) => ['-c', command])]);
    return code === 0 && !stdout.includes('%');
  }

  async evpnPeers(): Promise<readonly EvpnPeer[]> {
    if (!this.hasBgp) return [];
    const { peers = {} } = (await this.vtysh('show bgp l2vpn evpn summary json')) as {
      peers?: Record<string, { remoteAs: number; state: string }>;
    };
    return Object.entries(peers).map(([address, { remoteAs, state }]) => ({
      address,
      asn: remoteAs,
      isEstablished: state === 'Established',
    }));
  }

  async localVnis(): Promise<readonly number[]> {
    return Object.keys((await this.vtysh('show evpn vni json')) as object).map(Number);
  }

  async remoteVteps(vni: number): Promise<readonly string[]> {
    const detail = (await this.vtysh(`show evpn vni ${vni} json`)) as { numRemoteVteps?: readonly string[] };
    return Array.isArray(detail.numRemoteVteps) ? detail.numRemoteVteps : [];
  }

  async multicastRoutes() {
    return (await this.routes('multicast')).flatMap(({ ip, ...route }) => (ip === undefined ? [] : [{ ...route, vtep: ip }]));
  }

  async macRoutes() {
    return (await this.routes('macip')).flatMap(({ mac, ...route }) => (mac === undefined ? [] : [{ ...route, mac }]));
  }

  async localMacs(vni: number): Promise<readonly string[]> {
    const { macs = {} } = (await this.vtysh(`show evpn mac vni ${vni} json`)) as { macs?: Record<string, { type: string }> };
    return Object.entries(macs).flatMap(([mac, { type }]) => (type === 'local' ? [mac] : []));
  }

  async isReachable(address: string, source?: string, octets = 84): Promise<boolean> {
    const from = source === undefined ? [] : ['-I', source];
    const { code } = await this.node.exec(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', String(octets - 28), ...from, address]);
    return code === 0;
  }

  /** Of others: what this node announces itself has no neighbor behind it. */
  private async routes(type: 'multicast' | 'macip'): Promise<readonly FrrRoute[]> {
    const table = (await this.vtysh(`show bgp l2vpn evpn route detail type ${type} json`)) as Record<string, unknown>;
    return Object.entries(table).flatMap(([rd, entries]) =>
      Object.entries(typeof entries === 'object' ? (entries as Record<string, unknown>) : {}).flatMap(([prefix, entry]) => {
        if (!prefix.startsWith('[')) return [];
        const { ip, mac, paths } = entry as { ip?: string; mac?: string; paths: readonly (readonly FrrPath[])[] };
        return paths.flat().flatMap(({ valid, local, extendedCommunity, nexthops }) => {
          if (!valid || local) return [];
          const targets = [...(extendedCommunity?.string ?? '').matchAll(/\bRT:(\S+)/g)].map(([, target = '']) => target);
          return [{ rd, targets, vtep: nexthops[0]?.ip ?? '', ...(ip !== undefined && { ip }), ...(mac !== undefined && { mac }) }];
        });
      }),
    );
  }

  private async vtysh(command: string): Promise<unknown> {
    return JSON.parse(await this.node.run(['vtysh', '-c', command]));
  }

  private async cabledPorts(): Promise<ReadonlySet<string>> {
    const links = JSON.parse(await this.node.run(['ip', '-json', 'link'])) as readonly { readonly ifname: string }[];
    return new Set(links.map(({ ifname }) => ifname));
  }
}
