/** `interface …` sections. The order of the lines inside is EOS's own. */
import type { DeviceIntent, EdgePortIntent, L2VniIntent, UnderlayPortIntent } from '#engines/intent';
import { compareNatural } from '#engines/kernel';
import { deviceLabel } from '../device-label.js';
import { block } from '../text.js';
import { LOOPBACK } from './source-interface.js';
import { STEP } from './step.js';

/** Port-Channels first, as EOS prints them. */
export function physicalPorts(intent: DeviceIntent): string[][] {
  const rank = (name: string): number => (name.startsWith('Port-Channel') ? 0 : 1);
  return [
    ...intent.underlayPorts.map((port) => ({ name: port.port, text: underlayPort(port) })),
    ...intent.edgePorts.map((port) => ({ name: port.port, text: edgePort(port) })),
  ]
    .sort((a, b) => rank(a.name) - rank(b.name) || compareNatural(a.name, b.name))
    .map(({ text }) => text);
}

export function loopback({ vtep }: DeviceIntent): string[] {
  if (!vtep) return [];
  const isV6 = vtep.address.includes(':');
  return block(STEP, `interface ${LOOPBACK}`, isV6 ? `ipv6 address ${vtep.address}/128` : `ip address ${vtep.address}/32`);
}

function underlayPort({ port, address, prefixLength, mtu, description }: UnderlayPortIntent): string[] {
  const label = description === null ? '' : deviceLabel(description);
  return block(STEP, `interface ${port}`, [
    label !== '' && `description ${label}`,
    mtu !== null && `mtu ${mtu}`,
    'no switchport',
    address !== null && `${address.includes(':') ? 'ipv6' : 'ip'} address ${address}/${prefixLength}`,
  ]);
}

function edgePort({ port, members }: EdgePortIntent): string[] {
  const untagged = members.find(({ tagging }) => tagging === 'UNTAGGED');
  const tagged = members.filter(({ tagging }) => tagging === 'TAGGED');
  if (tagged.length === 0) return block(STEP, `interface ${port}`, [`switchport access vlan ${untagged?.vlan}`]);
  const allowed = [...tagged, ...(untagged ? [untagged] : [])].map(({ vlan }) => Number(vlan)).sort((a, b) => a - b);
  return block(STEP, `interface ${port}`, [
    untagged !== undefined && `switchport trunk native vlan ${untagged.vlan}`,
    `switchport trunk allowed vlan ${vlanList(allowed)}`,
    'switchport mode trunk',
  ]);
}

/** `10,20,30-32`: sorted and compact, as EOS prints it. */
function vlanList(vlans: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const vlan of vlans) {
    const last = ranges.at(-1);
    if (last && vlan === last[1] + 1) last[1] = vlan;
    else ranges.push([vlan, vlan]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

export function svi(network: L2VniIntent): string[] {
  const label = deviceLabel(network.networkName);
  const v4 = network.gateways.filter(({ address }) => !address.includes(':'));
  const v6 = network.gateways.filter(({ address }) => address.includes(':'));
  return block(STEP, `interface Vlan${network.vlan}`, [
    label !== '' && `description ${label}`,
    `mtu ${network.mtu}`,
    `vrf ${network.vrf}`, // before the addresses: a change of VRF erases them
    v6.length > 0 && 'ipv6 enable',
    // A second IPv4 subnet on one SVI has to be marked as such, or it replaces the first.
    ...v4.map(({ address, prefixLength }, position) => `ip address virtual ${address}/${prefixLength}${position > 0 ? ' secondary' : ''}`),
    ...v6.map(({ address, prefixLength }) => `ipv6 address virtual ${address}/${prefixLength}`),
  ]);
}

export function vxlan(intent: DeviceIntent, networks: readonly L2VniIntent[]): string[] {
  if (!intent.vtep) return [];
  return block(STEP, 'interface Vxlan1', [
    `vxlan source-interface ${LOOPBACK}`,
    `vxlan udp-port ${intent.vtep.udpPort}`,
    intent.vtep.address.includes(':') && 'vxlan encapsulation ipv6',
    ...networks.map(({ vlan, vni }) => `vxlan vlan ${vlan} vni ${vni}`),
    ...intent.vrfs.map(({ name, l3vni }) => `vxlan vrf ${name} vni ${l3vni}`),
  ]);
}
