/** What was understood, in one line each. */
import type { FabricSnapshot } from '#engines/intent';
import { compareNatural, type DeviceId } from '#engines/kernel';
import type { DeviceDocuments } from './documents/imported-file.js';

export interface OnboardingSummary {
  readonly devices: readonly string[];
  readonly understood: readonly string[];
  /** Where secrets were left out, one line each. */
  readonly secrets: readonly string[];
}

const FAMILIES = { IPV4_UNICAST: 'IPv4', IPV6_UNICAST: 'IPv6', L2VPN_EVPN: 'EVPN' };

/** @param clusters names of those of which the SDN was given and no node. */
export function summaryOf(
  snapshot: FabricSnapshot,
  devices: readonly DeviceDocuments[],
  clusters: readonly string[] = [],
): OnboardingSummary {
  const ofClusters = clusters.map((name) => `${name}: SDN of a Proxmox cluster, which stays with it`);
  const ofDevices = snapshot.devices.map((device) => {
    const { hostname, platform, software, vtep, management, host, adopted } = device;
    const loopback =
      host?.loopback ??
      adopted?.names.find(({ derived }) => derived === 'Loopback1')?.running ??
      (platform === 'ARISTA_EOS' ? 'Loopback1' : 'lo');
    const release = software?.frr === undefined ? (software?.eos === undefined ? '' : ` ${software.eos}`) : ` (FRR ${software.frr})`;
    return [
      `${hostname}: ${platform}${release}`,
      ...(vtep === null ? ['no VTEP'] : [`AS ${vtep.asn}`, `router id ${vtep.routerId}`, `VTEP ${vtep.address} on ${loopback}`]),
      ...(management === undefined ? [] : [`management ${management.address} on ${management.port}`]),
    ].join(', ');
  });
  return {
    devices: [...ofDevices, ...ofClusters],
    understood: [...links(snapshot), ...sessions(snapshot), ...networks(snapshot), ...vrfs(snapshot)],
    secrets: devices.flatMap(secretsOf),
  };
}

/** `pve1 frr.conf:14, 20: 2 secrets were left out (neighbor 192.0.2.1 password, enable password)` */
function secretsOf({ device, secrets }: DeviceDocuments): readonly string[] {
  const files = [...new Set(secrets.map(({ file }) => file))];
  return files.map((file) => {
    const own = secrets.filter((secret) => secret.file === file);
    const [lines, words] = [own.map(({ line }) => line), own.map((secret) => secret.words)].map((list) => [
      ...new Set<number | string>(list),
    ]);
    const count = own.length === 1 ? '1 secret was' : `${own.length} secrets were`;
    return `${`${device} ${file}`.trim()}:${lines?.join(', ')}: ${count} left out (${words?.join(', ')})`;
  });
}

const nameOf = ({ devices }: FabricSnapshot, id: DeviceId): string => devices.find((device) => device.id === id)?.hostname ?? id;

function links(snapshot: FabricSnapshot): readonly string[] {
  return snapshot.links.map(
    ({ prefix, ends }) =>
      `link ${prefix ?? 'without addresses'}: ${ends.map(({ deviceId, port, address }) => `${nameOf(snapshot, deviceId)} ${port} ${address ?? ''}`.trim()).join(' – ')}`,
  );
}

function sessions(snapshot: FabricSnapshot): readonly string[] {
  return snapshot.sessions.map(({ ends, families, keepaliveSeconds, holdSeconds }) => {
    const numbers = ends.map(({ deviceId }) => snapshot.devices.find(({ id }) => id === deviceId)?.vtep?.asn);
    const kind = numbers[0] === numbers[1] ? `iBGP session in AS ${numbers[0]}` : `eBGP session of AS ${numbers.join(' and ')}`;
    const where = ends
      .map(({ deviceId, address, role }) => `${nameOf(snapshot, deviceId)} ${address}${role === 'ROUTE_REFLECTOR' ? ' (reflector)' : ''}`)
      .join(' – ');
    return `${kind}: ${where}, ${families.map((family) => FAMILIES[family]).join(' and ')}, timers ${keepaliveSeconds}/${holdSeconds}`;
  });
}

function networks(snapshot: FabricSnapshot): readonly string[] {
  return snapshot.networks.map(({ id, vni, importTargets, exportTargets, mtu }) => {
    const at = snapshot.attachments.filter(({ networkId }) => networkId === id);
    const places = [...new Set(at.map(({ deviceId }) => deviceId))].map((deviceId) => {
      const vlan = snapshot.vlanMappings.find((mapping) => mapping.networkId === id && mapping.deviceId === deviceId)?.vlan;
      const ports = at.filter((one) => one.deviceId === deviceId && one.port !== null).map(({ port }) => port);
      return `${nameOf(snapshot, deviceId)}${vlan === undefined ? '' : ` VLAN ${vlan}`}${ports.length === 0 ? '' : ` ${ports.join(' ')}`}`;
    });
    const targets = [...new Set([...importTargets, ...exportTargets])].sort(compareNatural).join(' ');
    return `VNI ${vni}:${places.length === 0 ? '' : ` ${places.join(', ')};`} RT ${targets}; MTU ${mtu}`;
  });
}

function vrfs(snapshot: FabricSnapshot): readonly string[] {
  return snapshot.vrfs.map(({ deviceName, l3vni, importTargets }) => `VRF ${deviceName}: L3 VNI ${l3vni}; RT ${importTargets.join(' ')}`);
}
