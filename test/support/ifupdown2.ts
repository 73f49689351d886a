/** What a push does with interfaces on a host, and what ifupdown2 says of it; on nodes of the lab and of the user-mode kernel alike. */
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { INTERFACES_PATH, renderDevice } from '#engines/rendering';
import type { LabNode } from '../../apps/lab/src/hosts/index.js';

export type HostShell = Pick<LabNode, 'exec' | 'run' | 'writeFile'>;

/** ifupdown2 complains of tools that it would have used once. */
const HARMLESS = /^$|brctl: missing|python-mako/;

export function scenario(name: string): FabricSnapshot {
  const found = scenarios[name];
  if (!found) throw new Error(`there is no scenario ${name}`);
  return found();
}

export function interfacesOf(snapshot: FabricSnapshot, slug: string): string {
  const found = renderDevice(deviceIntent(compileFabric(snapshot), slug)).find(({ path }) => path === INTERFACES_PATH);
  if (!found) throw new Error(`${slug} has no ${INTERFACES_PATH}`);
  return found.content;
}

/** Cards that are connected to nothing but themselves, and a stanza for the bridge of the management, as an installer leaves it. */
export async function installHost(node: HostShell, cards: readonly string[], management: string | null = null): Promise<void> {
  const script = cards.map((card, place) => `ip link add ${card} type veth peer name far${place} && ip link set far${place} up`);
  await node.run(['sh', '-c', script.join(' && ') || 'true']);
  if (management === null) return;
  const stanza = ['auto vmbr0', 'iface vmbr0', `  address ${management}`, '  bridge-ports none', '  bridge-stp off', '  bridge-fd 0', ''];
  await node.writeFile('/etc/network/interfaces.d/installer', stanza.join('\n'));
  await node.run(['ifreload', '-a']);
}

/** @returns everything that ifupdown2 had to say while it put the text in force; nothing where all is well. */
export async function putInForce(node: HostShell, text: string): Promise<string[]> {
  await node.writeFile(INTERFACES_PATH, text);
  const { code, stdout, stderr } = await node.exec(['ifreload', '-a']);
  const said = `${stdout}${stderr}`.split('\n').filter((line) => !HARMLESS.test(line));
  return code === 0 ? said : [`ifreload ended with ${code}`, ...said];
}

/** What does not look as the file says, by interface and attribute. */
export async function drift(node: HostShell): Promise<string[]> {
  const { stdout, stderr } = await node.exec(['ifquery', '-a', '--check', '-o', 'json']);
  if (stdout.trim() === '') throw new Error(`ifquery said nothing but ${stderr}`);
  type Status = string | readonly string[];
  const checked = JSON.parse(stdout) as { name: string; status?: string; config_status?: Readonly<Record<string, Status>> }[];
  return checked.flatMap(({ name, status, config_status: attributes = {} }) => {
    const failed = Object.entries(attributes).filter(([, verdict]) => [verdict].flat().includes('fail'));
    return failed.length === 0 && status !== 'fail' ? [] : [`${name}: ${failed.map(([attribute]) => attribute).join(', ')}`];
  });
}

interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly address: string;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly linkinfo?: Readonly<Record<'info_data' | 'info_slave_data', Readonly<Record<string, unknown>>>> & {
    readonly info_kind?: string;
  };
}

/** The second: ifupdown2 3.0.0 sets its defaults for them the next time that it meets a bridge, and not when it makes one. */
const CHANGING = /timer|state|role|churn|^cost$|^mcast_hash_max$/;

/** Links with their options, addresses, routes, tunnels and translation, without what changes by itself. */
export async function hostState(node: HostShell): Promise<unknown> {
  const still = (data: Readonly<Record<string, unknown>> = {}) =>
    Object.fromEntries(Object.entries(data).filter(([key]) => !CHANGING.test(key)));
  const links = JSON.parse(await node.run(['ip', '-d', '-j', 'link'])) as readonly Link[];
  const commands = [
    // Ports come up when bonds and spanning trees say so, and get the kernel's own addresses then.
    'ip -o address | grep -v " inet6 fe80:" | sed "s/valid_lft.*//"',
    'ip route show table all | grep -v -e "table local" -e "^fe80::/64" | sed "s/ linkdown//" | sort',
    'bridge fdb show | grep 00:00:00:00:00:00 | sort',
    'bridge vlan show',
    'iptables-save -t nat 2>/dev/null | grep -v "^[#:]"; ip6tables-save -t nat 2>/dev/null | grep -v "^[#:]"; true',
  ];
  return {
    links: links.map(({ ifname, mtu, address, master, flags, linkinfo }) => ({
      ifname,
      mtu,
      address,
      master,
      isUp: flags.includes('UP'),
      kind: linkinfo?.info_kind,
      options: still(linkinfo?.info_data),
      port: still(linkinfo?.info_slave_data),
    })),
    rest: (await node.run(['sh', '-c', commands.join('; echo; ')])).split('\n'),
  };
}
