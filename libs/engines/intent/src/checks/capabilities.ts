/** What a platform or its release cannot do, said before it fails in silence. */
import { Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, warning } from '../finding.js';
import type { DeviceFacts, Platform } from '../snapshot.js';
import { isBefore, releaseOf } from './software.js';
import { speaksEvpn } from './replication.js';

type Subject = 'host' | 'openvswitch' | 'libvirt' | 'switch' | 'openbsd' | 'comware' | 'opennebula' | 'proxmox';

/** Whose renderer reads a subject; of another platform it would be dropped in silence. */
const READERS: Readonly<Record<Subject, Platform>> = {
  host: 'DEBIAN_FRR',
  openvswitch: 'DEBIAN_FRR',
  libvirt: 'DEBIAN_FRR',
  switch: 'ARISTA_EOS',
  openbsd: 'OPENBSD',
  comware: 'HP_COMWARE',
  opennebula: 'OPENNEBULA',
  proxmox: 'PROXMOX',
};

export function checkCapabilities(index: FabricIndex): Finding[] {
  const { devices, networks } = index.snapshot;
  return [
    ...devices.flatMap((device) => [...subjects(device), ...tunnels(device), ...family(index, device), ...doubleTags(device)]),
    ...networks
      .filter(({ subnets }) => subnets.some(({ gatewayMode }) => gatewayMode === 'CENTRAL_VRRP'))
      .map(({ id, slug }) =>
        warning(
          'NOT_SUPPORTED',
          `networks.${slug}`,
          `configure the VRRP gateway of network ${slug} yourself: Trame only reserves its address`,
          [id],
        ),
      ),
  ];
}

function subjects(device: DeviceFacts): Finding[] {
  const { id, slug, platform } = device;
  if (platform === 'EXTERNAL') return [];
  return (Object.keys(READERS) as Subject[])
    .filter((subject) => device[subject] !== undefined && READERS[subject] !== platform)
    .map((subject) =>
      error(
        'NOT_SUPPORTED',
        `devices.${slug}.${subject}`,
        `take the ${subject} facts from ${slug}, or make it ${READERS[subject]}: ${platform} has no such thing`,
        [id],
      ),
    );
}

/** Switches without VXLAN and cloud front ends only carry VLANs. */
function tunnels({ id, slug, platform, vtep }: DeviceFacts): Finding[] {
  if (!vtep || (platform !== 'HP_COMWARE' && platform !== 'OPENNEBULA')) return [];
  return [error('NOT_SUPPORTED', `devices.${slug}.vtep`, `take the VTEP from ${slug}: nothing on ${platform} ends a tunnel of ours`, [id])];
}

function family(index: FabricIndex, device: DeviceFacts): Finding[] {
  const { id, slug, platform, vtep } = device;
  const { underlayFamily } = index.snapshot.fabric;
  if (!vtep) return [];
  const path = `devices.${slug}.vtep`;
  if (Ip.family(vtep.address) !== underlayFamily)
    return [error('NOT_SUPPORTED', path, `give ${slug} an IPv${underlayFamily} VTEP like the rest of the fabric`, [id])];
  if (underlayFamily === 4) return [];
  if (platform === 'ARISTA_EOS') return eosOverIpv6(device, path);
  if (platform !== 'DEBIAN_FRR') return [];
  return [...(speaksEvpn(index, device) ? frrOverIpv6(index, device, path) : []), ...ifupdownOverIpv6(device, path)];
}

/** Arista, "IPv6 underlay support for VXLAN with EVPN control plane": 4.24.1F. Nobody ships an older one, so an unknown one is believed. */
function eosOverIpv6({ id, slug, software }: DeviceFacts, path: string): Finding[] {
  const release = releaseOf(software?.eos);
  if (release === null || !isBefore(release, [4, 24, 1])) return [];
  const message = `upgrade EOS of ${slug} from ${software?.eos} to 4.24.1F or later, or give the fabric an IPv4 underlay: this one has no VXLAN over IPv6`;
  return [error('SOFTWARE_TOO_OLD', path, message, [id])];
}

/**
 * FRR before 10.6 brings the session up and originates routes with its IPv4 router id as next hop: nothing fails, nothing arrives (measured on
 * 8.4.4). 10.6.0 and 10.6.1 do not take the routes of EOS (netlab 3249).
 */
function frrOverIpv6(index: FabricIndex, { id, slug, software }: DeviceFacts, path: string): Finding[] {
  const release = releaseOf(software?.frr);
  const wayOut = `give ${slug} an IPv4 VTEP, or make its networks INGRESS_STATIC and take its EVPN sessions`;
  if (release === null) {
    const message = `say which FRR ${slug} runs, or ${wayOut}: FRR before 10.6 does not carry EVPN over IPv6, and does not say so`;
    return [error('SOFTWARE_UNKNOWN', path, message, [id])];
  }
  if (isBefore(release, [10, 6, 0])) {
    const message = `upgrade FRR of ${slug} from ${software?.frr} to 10.6 or later, or ${wayOut}: this one does not carry EVPN over IPv6, and does not say so`;
    return [error('SOFTWARE_TOO_OLD', path, message, [id])];
  }
  const meetsEos = index.snapshot.devices.some((device) => device.platform === 'ARISTA_EOS' && device.vtep !== null);
  if (!meetsEos || !isBefore(release, [10, 7, 0])) return [];
  const message = `upgrade FRR of ${slug} from ${software?.frr} to 10.7 or later: FRR 10.6 was seen not to take the IPv6 routes of EOS`;
  return [warning('SOFTWARE_TOO_OLD', path, message, [id])];
}

/** `vxlan-local-tunnelip` takes IPv4 only in every release of ifupdown2: "Expected 4 octets". */
function ifupdownOverIpv6({ id, slug }: DeviceFacts, path: string): Finding[] {
  const message = `expect the tunnels of ${slug} to be made by commands in their stanzas: no release of ifupdown2 takes an IPv6 tunnel address, and \`ifquery --check\` does not look at them`;
  return [warning('FALLBACK_USED', path, message, [id])];
}

/** `dot1q-tunnel` came with Open vSwitch 2.8 (2017); before, ovsdb refuses the word. One that does not say its release is believed. */
function doubleTags({ id, slug, software, openvswitch }: DeviceFacts): Finding[] {
  const release = releaseOf(software?.openvswitch);
  if (release === null || !isBefore(release, [2, 8, 0])) return [];
  const ports = (openvswitch?.bridges ?? []).flatMap(({ ports: list }) => list.filter(({ vlanMode }) => vlanMode === 'dot1q-tunnel'));
  return ports.map(({ name }) => {
    const message = `upgrade Open vSwitch of ${slug} from ${software?.openvswitch} to 2.8 or later, or make ${name} a trunk: this one knows no second tag`;
    return error('SOFTWARE_TOO_OLD', `devices.${slug}.openvswitch.${name}`, message, [id]);
  });
}
