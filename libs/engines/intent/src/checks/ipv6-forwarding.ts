/**
 * Linux forwards IPv6 between no interfaces until `net.ipv6.conf.all.forwarding` is 1 (what an interface says is not asked, and `force_forwarding`
 * exists from 6.17 only), and with it no interface takes router advertisements unless its `accept_ra` is 2. That may be the default route of the
 * management, so the switch is a person's. It also makes a router of bridges that have no address: the kernel takes what a guest
 * sends to the MAC of the bridge.
 */
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import { anycastSubnets, type FabricIndex } from '../fabric-index.js';
import { type Finding, listed, warning } from '../finding.js';
import type { DeviceFacts, HostFacts, NetworkFacts } from '../snapshot.js';

const SWITCH = 'net.ipv6.conf.all.forwarding=1';

export function checkIpv6Forwarding(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    if (device.platform !== 'DEBIAN_FRR') return [];
    const networks = bridged(index, device);
    const tasks = [...gateways(networks), ...translation(device.host), ...transit(index, device), ...waysOut(index, device)];
    return tasks.length === 0 ? [] : [needed(device, tasks), ...opened(device, networks)];
  });
}

function needed({ id, slug }: DeviceFacts, tasks: readonly string[]): Finding {
  const message = `set ${SWITCH} on ${slug}, and accept_ra=2 on interfaces that have their routes from router advertisements, which are ignored otherwise: ${slug} ${listed(tasks)}, and forwards no IPv6 without it`;
  return warning('IPV6_FORWARDING', `devices.${slug}.ipv6Forwarding`, message, [id]);
}

/** Nothing of ifupdown2 closes them: `ip6-forward off` is not asked by the kernel, and without IPv6 on the bridge EVPN answers no ND there. */
function opened({ id, slug }: DeviceFacts, networks: readonly NetworkFacts[]): Finding[] {
  const open = networks.filter((network) => anycastSubnets(network).length === 0);
  if (open.length === 0) return [];
  const names = listed(open.map((network) => String(network.slug)).sort(compareNatural));
  const message = `drop forwarded IPv6 that comes in by the bridges of networks ${names} in the firewall of ${slug}: with ${SWITCH} their guests are routed into the underlay when they send to the MAC of the bridge`;
  return [warning('IPV6_FORWARDING', `devices.${slug}.ipv6Forwarding.bridges`, message, [id, ...open.map((network) => network.id)])];
}

function bridged(index: FabricIndex, device: DeviceFacts): NetworkFacts[] {
  const attached = (index.attachmentsOfDevice.get(device.id) ?? []).filter((one) => device.vtep && !isOnOpenVswitch(index, device, one));
  return [...new Set(attached.map(({ networkId }) => networkId))].flatMap((id) => index.network.get(id) ?? []);
}

function gateways(networks: readonly NetworkFacts[]): string[] {
  const names = networks
    .filter((network) => anycastSubnets(network).some(({ cidr }) => Cidr.family(cidr) === 6))
    .map(({ slug }) => String(slug));
  return names.length === 0 ? [] : [`is the gateway of ${listed(names.sort(compareNatural))}`];
}

function translation(host: HostFacts | undefined): string[] {
  if (!host) return [];
  const is6 = (address: string): boolean => address.includes(':');
  const names = [
    ...host.bridges
      .filter(({ addresses, gateway }) => gateway === null && addresses.some(({ address }) => is6(address)))
      .map(({ name }) => name),
    ...host.nat.filter((rule) => is6(rule.kind === 'DNAT' ? rule.to : rule.source)).map(({ bridge }) => bridge),
  ];
  return names.length === 0 ? [] : [`is the gateway behind ${listed([...new Set(names)].sort(compareNatural))}`];
}

/** An unnumbered link carries what the VTEPs are: IPv4 there needs nothing of IPv6 but the next hop. */
function transit(index: FabricIndex, { id, vtep }: DeviceFacts): string[] {
  const ends = (index.linkEndsOfDevice.get(id) ?? []).flatMap(({ port, address }) => {
    const said = address ?? vtep?.address;
    return said && Ip.family(said) === 6 ? [String(port)] : [];
  });
  const ports = [...new Set(ends)];
  return ports.length < 2 ? [] : [`is a way between ${listed(ports.sort(compareNatural))}`];
}

function waysOut({ snapshot }: FabricIndex, { id }: DeviceFacts): string[] {
  const names = snapshot.vrfs
    .filter(({ exitNodes = [] }) =>
      exitNodes.some(({ deviceId, gateways: out }) => deviceId === id && out.some(({ address }) => Ip.family(address) === 6)),
    )
    .map(({ deviceName }) => deviceName);
  return names.length === 0 ? [] : [`is the way out of ${listed(names.sort(compareNatural))}`];
}
