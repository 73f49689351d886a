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

  private async vtysh(command: string): Promise<unknown> {
    return JSON.parse(await this.node.run(['vtysh', '-c', command]));
  }

  private async cabledPorts(): Promise<ReadonlySet<string>> {
    const links = JSON.parse(await this.node.run(['ip', '-json', 'link'])) as readonly { readonly ifname: string }[];
    return new Set(links.map(({ ifname }) => ifname));
  }
}
