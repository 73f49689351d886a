/** /etc/network/interfaces.d/trame for ifupdown2 3.0: our own file; the management stanza lives elsewhere and is never touched. */
import type { DeviceIntent, L2VniIntent, UnderlayPortIntent, VrfIntent, VtepIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { hostPorts, type HostPort } from './host-ports.js';

const STEP = 4;

export function renderIfupdown2(intent: DeviceIntent): string[] {
  const { vtep } = intent;
  const ports = hostPorts(intent);
  return paragraphs([
    ['# Owned by Trame: changes made here by hand are undone.'],
    // A second stanza for lo is merged with the one of the distribution (ifupdown2 adds up the addresses).
    vtep ? stanza('lo', 'inet loopback', [`address ${vtep.address}/${vtep.address.includes(':') ? 128 : 32}`]) : [],
    ...intent.underlayPorts.map(underlayPort),
    ...ports.map(edgePort),
    ...intent.vrfs.flatMap((vrf) => (vtep ? vrfStanzas(vrf, vtep) : [])),
    ...intent.l2vnis.flatMap((vni) => (vtep ? l2VniStanzas(vni, vtep, ports, intent.anycastGatewayMac) : [])),
  ]);
}

function underlayPort({ port, address, prefixLength, mtu }: UnderlayPortIntent): string[] {
  return stanza(port, null, [`address ${address}/${prefixLength}`, mtu !== null && `mtu ${mtu}`]);
}

function edgePort({ name, tag }: HostPort): string[] {
  return stanza(name, null, tag ? [`vlan-raw-device ${tag.device}`, `vlan-id ${tag.vlan}`] : []);
}

function vrfStanzas(vrf: VrfIntent, vtep: VtepIntent): string[][] {
  return [
    stanza(vrf.name, null, ['vrf-table auto']),
    stanza(vrf.vxlanName, null, vxlan(vrf.l3vni, vtep)),
    stanza(vrf.bridgeName, null, [
      `bridge-ports ${vrf.vxlanName}`,
      'bridge-stp off',
      'bridge-fd 0',
      `hwaddress ${vrf.routerMac}`,
      `vrf ${vrf.name}`,
    ]),
  ];
}

function l2VniStanzas(network: L2VniIntent, vtep: VtepIntent, ports: readonly HostPort[], gatewayMac: string): string[][] {
  const members = ports.filter((port) => port.vni === network.vni).map((port) => port.name);
  return [
    stanza(network.vxlanName, null, [...vxlan(network.vni, vtep), 'bridge-arp-nd-suppress on', `mtu ${network.mtu}`]),
    stanza(
      network.bridgeName,
      null,
      [
        network.gateways.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
        // Same MAC on every VTEP, or a guest keeps a stale gateway after a live migration (RFC 9135 §4.1, anycast).
        network.gateways.length > 0 && `hwaddress ${gatewayMac}`,
        `bridge-ports ${[network.vxlanName, ...members].join(' ')}`,
        'bridge-stp off',
        'bridge-fd 0',
        network.vrf && `vrf ${network.vrf}`,
      ].flat(),
    ),
  ];
}

function vxlan(vni: number, vtep: VtepIntent): string[] {
  return [
    `vxlan-id ${vni}`,
    `vxlan-local-tunnelip ${vtep.address}`,
    `vxlan-port ${vtep.udpPort}`,
    'vxlan-learning off', // the control plane fills the FDB
    'bridge-learning off',
  ];
}

function stanza(name: string, method: string | null, body: readonly (string | null | false)[]): string[] {
  return lines(`auto ${name}`, block(STEP, method === null ? `iface ${name}` : `iface ${name} ${method}`, [...body]));
}

function paragraphs(parts: readonly (readonly string[])[]): string[] {
  return parts.filter((part) => part.length > 0).flatMap((part, position) => (position === 0 ? part : ['', ...part]));
}
