/** What a VRF has beside its subnets: ways out, routes, addresses of single devices, relays. */
import { Cidr, cidrsOverlap, type DeviceId, Ip } from '#engines/kernel';
import { ownAddress } from '../compile-switch.js';
import { anycastSubnets, type FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, ExitNodeFacts, NetworkFacts, SubnetFacts, VrfFacts } from '../snapshot.js';

export function checkVrfs(index: FabricIndex): Finding[] {
  const networksOf = groupBy(index.snapshot.networks, ({ vrfId }) => vrfId);
  return [
    ...index.snapshot.vrfs.flatMap((vrf) => {
      const subnets = (networksOf.get(vrf.id) ?? []).flatMap((network) => network.subnets);
      return [
        ...exits(index, vrf),
        ...routes(index, vrf, subnets),
        ...loopbackProblems(index, vrf, subnets).map((problem) => error('VRF_INVALID', `vrfs.${vrf.deviceName}`, problem, [vrf.id])),
      ];
    }),
    ...loopbackNumbers(index),
    ...mainTables(index, networksOf),
    ...index.snapshot.networks.flatMap((network) => network.subnets.flatMap((subnet) => relay(index, network, subnet))),
  ];
}

const slugOf = (index: FabricIndex, id: DeviceId): string => index.device.get(id)?.slug ?? id;

function exits(index: FabricIndex, { id, deviceName, exitNodes = [] }: VrfFacts): Finding[] {
  const primaries = exitNodes.filter(({ isPrimary }) => isPrimary).map(({ deviceId }) => slugOf(index, deviceId));
  const twice = exitNodes.filter(({ deviceId }, i) => exitNodes.findIndex((other) => other.deviceId === deviceId) !== i);
  const problems = [
    ...(primaries.length > 1 ? [`make one of ${listed(primaries)} the primary exit node of VRF ${deviceName}`] : []),
    ...twice.map(({ deviceId }) => `name ${slugOf(index, deviceId)} once among the exit nodes of VRF ${deviceName}`),
    ...exitNodes.flatMap((node) => {
      const device = index.device.get(node.deviceId);
      return device ? exitProblems(device, node, deviceName) : [];
    }),
  ];
  return [
    ...problems.map((problem) => error('VRF_INVALID', `vrfs.${deviceName}.exitNodes`, problem, [id])),
    ...exitNodes.flatMap(({ deviceId }) => {
      const device = index.device.get(deviceId);
      if (!device || device.platform === 'DEBIAN_FRR' || device.platform === 'EXTERNAL') return [];
      const message = `let a Debian host be exit node of VRF ${deviceName} in place of ${device.slug}: ${device.platform} is not written as one`;
      return [error('NOT_SUPPORTED', `vrfs.${deviceName}.exitNodes`, message, [id, deviceId])];
    }),
  ];
}

function exitProblems({ slug, ports }: DeviceFacts, { gateways, hasLocalRouting }: ExitNodeFacts, vrf: string): string[] {
  const missing = gateways.filter(({ port }) => !ports.some(({ name }) => name === port));
  const families = new Set(gateways.map(({ address }) => Ip.family(address)));
  return [
    ...(gateways.length === 0 && !hasLocalRouting ? [`give VRF ${vrf} a gateway on ${slug}: an exit node sends what leaves to one`] : []),
    ...(families.size < gateways.length ? [`keep one gateway per family for VRF ${vrf} on ${slug}`] : []),
    ...missing.map(({ port }) => `add port ${port} to ${slug}, or let VRF ${vrf} leave by one that it has`),
  ];
}

function routes(index: FabricIndex, { id, deviceName, staticRoutes = [] }: VrfFacts, subnets: readonly SubnetFacts[]): Finding[] {
  const path = `vrfs.${deviceName}.staticRoutes`;
  return staticRoutes.flatMap(({ prefix, nextHop, deviceIds }) => {
    const refuse = (message: string): Finding => error('VRF_INVALID', path, message, [id, ...deviceIds]);
    if (Cidr.family(prefix) !== Ip.family(nextHop))
      return [refuse(`choose a next hop of the family of ${prefix} in VRF ${deviceName}, not ${nextHop}`)];
    if (deviceIds.length === 0) return [refuse(`say which devices have the route to ${prefix} of VRF ${deviceName}`)];
    const around = subnets.filter(({ cidr }) => Cidr.contains(cidr, nextHop));
    const on = listed(deviceIds.map((deviceId) => slugOf(index, deviceId)));
    if (around.length === 0) {
      const message = `see that ${nextHop} is to be found in VRF ${deviceName} on ${on}: no subnet of ours has it, and the route to ${prefix} waits for it`;
      return [warning('VRF_INVALID', path, message, [id, ...deviceIds])];
    }
    const isOwnWay = Cidr.contains(prefix, nextHop) && around.every(({ cidr }) => Cidr.length(cidr) <= Cidr.length(prefix));
    return isOwnWay
      ? [refuse(`choose a next hop outside of ${prefix} in VRF ${deviceName}: the way to ${nextHop} would lead to itself`)]
      : [];
  });
}

function loopbackProblems(index: FabricIndex, { deviceName, loopbacks = [] }: VrfFacts, subnets: readonly SubnetFacts[]): string[] {
  const shared = [...groupBy(loopbacks, ({ address }) => address)].filter(([, uses]) => uses.length > 1);
  const inside = loopbacks.flatMap(({ address }) =>
    subnets.filter(({ cidr }) => Cidr.contains(cidr, address)).map(({ cidr }) => ({ address, cidr })),
  );
  return [
    ...shared.map(
      ([address, uses]) =>
        `give each of ${listed(uses.map(({ deviceId }) => slugOf(index, deviceId)))} its own loopback in VRF ${deviceName}: they share ${address}`,
    ),
    ...inside.map(
      ({ address, cidr }) =>
        `choose a loopback outside of ${cidr} in VRF ${deviceName} instead of ${address}: hosts there would ask for it on their own segment`,
    ),
  ];
}

/** On a switch, Loopback0 to Loopback2 are router id, VTEP and the address of a pair; and a number is one interface, whatever its VRF. */
function loopbackNumbers(index: FabricIndex): Finding[] {
  const all = index.snapshot.vrfs.flatMap(({ deviceName, loopbacks = [] }) =>
    loopbacks.map((loopback) => ({ vrf: deviceName, ...loopback })),
  );
  return [...groupBy(all, ({ deviceId }) => deviceId)].flatMap(([id, uses]) => {
    const device = index.device.get(id);
    if (device?.platform !== 'ARISTA_EOS') return [];
    const path = `devices.${device.slug}.loopbacks`;
    const strange = uses.filter(({ number }) => !Number.isInteger(number) || number < 3 || number > 1000);
    const shared = [...groupBy(uses, ({ number }) => number)].filter(([, same]) => same.length > 1);
    return [
      ...strange.map(({ vrf, number }) =>
        error('VRF_INVALID', path, `number the loopback of VRF ${vrf} on ${device.slug} from 3 to 1000, not ${number}`, [id]),
      ),
      ...shared.map(([number, same]) =>
        error(
          'VRF_INVALID',
          path,
          `give the loopbacks of VRFs ${listed(same.map(({ vrf }) => vrf))} numbers of their own on ${device.slug}: they share ${number}`,
          [id],
        ),
      ),
    ];
  });
}

/** An exit node has the subnets of its VRFs in the main table, for the way back: beside its links, its own addresses and those of other VRFs. */
function mainTables(index: FabricIndex, networksOf: ReadonlyMap<NetworkFacts['vrfId'], readonly NetworkFacts[]>): Finding[] {
  const leaving = index.snapshot.vrfs.flatMap((vrf) => (vrf.exitNodes ?? []).map(({ deviceId }) => ({ vrf, deviceId })));
  return [...groupBy(leaving, ({ deviceId }) => deviceId)].flatMap(([id, uses]) => {
    const device = index.device.get(id);
    if (!device) return [];
    const links = (index.linkEndsOfDevice.get(id) ?? []).flatMap(({ prefix }) =>
      prefix === null ? [] : [{ cidr: prefix, owner: `link ${prefix}` }],
    );
    const subnets = [...new Set(uses.map(({ vrf }) => vrf))].flatMap((vrf) =>
      (networksOf.get(vrf.id) ?? []).flatMap((network) => network.subnets.map(({ cidr }) => ({ cidr, owner: `VRF ${vrf.deviceName}` }))),
    );
    return subnets.flatMap(({ cidr, owner }, i) => {
      const other = [...links, ...subnets.slice(0, i)].find((entry) => entry.owner !== owner && cidrsOverlap(entry.cidr, cidr));
      if (!other) return [];
      const message = `let ${owner} leave by another device than ${device.slug}, or move ${cidr}: it overlaps ${other.cidr} of ${other.owner} in the main table there`;
      return [error('SUBNET_OVERLAP', `devices.${device.slug}.exits.${cidr}`, message, [id])];
    });
  });
}

/** RFC 3046: the answer of the server goes to the address that the relay spoke from, and a gateway's is on every VTEP. */
function relay(index: FabricIndex, network: NetworkFacts, subnet: SubnetFacts): Finding[] {
  const { dhcpRelay, cidr } = subnet;
  if (!dhcpRelay || !anycastSubnets(network).includes(subnet)) return [];
  const path = `networks.${network.slug}.subnets.${cidr}`;
  const strange = dhcpRelay.servers.filter((server) => Ip.family(server) !== Cidr.family(cidr));
  const vrf = index.vrf.get(dhcpRelay.vrfId ?? network.vrfId ?? ('' as VrfFacts['id']));
  const members = [...(index.membersOfNetwork.get(network.id) ?? [])].flatMap((id) => index.device.get(id) ?? []);
  const silent = members.filter(({ platform }) => platform === 'DEBIAN_FRR').map(({ slug }) => String(slug));
  const homeless = members.filter(
    (device) =>
      device.platform === 'ARISTA_EOS' &&
      vrf !== undefined &&
      !vrf.loopbacks?.some(({ deviceId }) => deviceId === device.id) &&
      (vrf.id !== network.vrfId || ownAddress(device, network.id, subnet) === null),
  );
  return [
    ...(strange.length > 0
      ? [error('GATEWAY_INVALID', path, `relay ${cidr} to servers of its own family, not to ${listed(strange)}`, [network.id])]
      : []),
    ...(homeless.length > 0 && vrf
      ? [
          error(
            'GATEWAY_INVALID',
            path,
            `give ${listed(homeless.map(({ slug }) => String(slug)))} a loopback in VRF ${vrf.deviceName}: a relay that speaks from the gateway of ${cidr} gets its answers on any VTEP`,
            [network.id],
          ),
        ]
      : []),
    ...(silent.length > 0
      ? [
          warning(
            'NOT_SUPPORTED',
            path,
            `run a DHCP relay or server for ${cidr} on ${listed(silent)} yourself: Trame writes relays on switches only`,
            [network.id],
          ),
        ]
      : []),
  ];
}
