/** What Proxmox VE would refuse, or take and do otherwise: it makes route targets itself, and its names are short. */
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, type FindingCode, listed } from '../finding.js';
import type { DeviceFacts, NetworkFacts, ProxmoxFacts, VrfFacts } from '../snapshot.js';

/** Zone and controller of ours are known by their names: Proxmox has no place for a remark on them. */
const OWN_ZONE = /^trame[a-z0-9]{0,3}$/;
const CONTROLLER = /^[a-zA-Z][a-zA-Z0-9_-]{0,62}[a-zA-Z0-9]$/;
const NODE = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

export function checkProxmox(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    if (device.platform === 'PROXMOX' && !device.proxmox)
      return [say(device, 'NOT_SUPPORTED', `give ${device.slug} its proxmox facts: the name of the cluster and its nodes`)];
    return device.proxmox ? [...facts(index, device, device.proxmox), ...networks(index, device, device.proxmox)] : [];
  });
}

const say = ({ id, slug }: DeviceFacts, code: FindingCode, message: string, ...others: string[]): Finding =>
  error(code, `devices.${slug}.proxmox`, message, [id, ...others]);

function facts(index: FabricIndex, device: DeviceFacts, { cluster, nodes, zone, evpn }: ProxmoxFacts): Finding[] {
  const { slug, vtep } = device;
  const names = nodes.map(({ name }) => name);
  const vteps = nodes.map((node) => node.vtep);
  const others = index.snapshot.devices.flatMap((other) =>
    other === device ? [] : (other.proxmox?.nodes.map((node) => node.vtep) ?? (other.vtep ? [other.vtep.address] : [])),
  );
  const taken = vteps.filter((address) => others.includes(address));
  const { rtAdministrator, underlayFamily } = index.snapshot.fabric;
  const badNames = [cluster, ...names].filter((name) => !NODE.test(name));
  return [
    ...badNames.map((name) =>
      say(device, 'NAME_INVALID', `write ${JSON.stringify(name)} of ${slug} as Proxmox does: letters, digits and dashes`),
    ),
    ...(nodes.length === 0 ? [say(device, 'NOT_SUPPORTED', `name the nodes of ${slug}: without one nothing carries a network`)] : []),
    ...(new Set(names).size < names.length ? [say(device, 'DUPLICATE_NAME', `name each node of ${slug} once`)] : []),
    ...(new Set(vteps).size < vteps.length || taken.length > 0
      ? [
          say(
            device,
            'DUPLICATE_ADDRESS',
            `give each node of ${slug} a VTEP address of its own${taken.length > 0 ? `: ${listed(taken)} is another device's` : ''}`,
          ),
        ]
      : []),
    ...(vtep && !vteps.includes(vtep.address)
      ? [say(device, 'NOT_SUPPORTED', `let the VTEP of ${slug} be that of one of its nodes, not ${vtep.address}`)]
      : []),
    ...(underlayFamily === 6
      ? [say(device, 'NOT_SUPPORTED', `take ${slug} from this fabric: ifupdown2 of Proxmox gives no tunnel an IPv6 address`)]
      : []),
    ...(OWN_ZONE.test(zone)
      ? []
      : [
          say(
            device,
            'NAME_INVALID',
            `call the zone of ${slug} trame, and up to three letters or digits behind it, not ${JSON.stringify(zone)}`,
          ),
        ]),
    ...(evpn && !CONTROLLER.test(evpn.controller)
      ? [say(device, 'NAME_INVALID', `name the controller of ${slug} as Proxmox does: 2 to 64 letters, digits, dashes and underscores`)]
      : []),
    ...(evpn?.controller.startsWith('trame') && evpn.peers.length === 0
      ? [
          say(
            device,
            'NOT_SUPPORTED',
            `say whom the nodes of ${slug} have sessions with: the controller ${evpn.controller} is made by Trame`,
          ),
        ]
      : []),
    ...(evpn && Number(evpn.asn) !== rtAdministrator
      ? [
          say(
            device,
            'RT_UNREACHABLE',
            `give the controller of ${slug} the AS number ${rtAdministrator}, which is in front of the fabric's route targets: Proxmox makes them of ${evpn.asn}`,
          ),
        ]
      : []),
  ];
}

function networks(index: FabricIndex, device: DeviceFacts, { evpn }: ProxmoxFacts): Finding[] {
  const attachments = index.attachmentsOfDevice.get(device.id) ?? [];
  const placed = [...new Set(attachments.map(({ networkId }) => networkId))].flatMap((id) => index.network.get(id) ?? []);
  const vrfs = [...new Set(placed.flatMap(({ vrfId }) => (vrfId === null ? [] : [vrfId])))].flatMap((id) => index.vrf.get(id) ?? []);
  const numbers = placed.filter(({ vni }) => vni === evpn?.vrfVni);
  return [
    ...attachments.flatMap(({ id, port }) =>
      port === null
        ? []
        : [
            say(
              device,
              'ATTACHMENT_INVALID',
              `leave out the port where a network comes to ${device.slug}: guests choose the VNet there`,
              id,
            ),
          ],
    ),
    ...placed.flatMap((network) => networkProblems(index, device, evpn !== undefined, network)),
    ...vrfs.flatMap((vrf) => vrfProblems(device, vrf)),
    ...sessions(index, device),
    ...vrfs.flatMap((vrf) => (evpn ? targets(index, device, vrf, vrf.l3vni, `VRF ${vrf.deviceName}`) : [])),
    ...numbers.map(({ id, slug }) =>
      say(device, 'DUPLICATE_VNI', `choose another number than that of network ${slug} for the zone of ${device.slug}`, id),
    ),
  ];
}

/** A zone of Proxmox has subnets and nothing else of a VRF. */
function vrfProblems(device: DeviceFacts, { id, deviceName, staticRoutes = [], loopbacks = [], importsFrom = [] }: VrfFacts): Finding[] {
  const here = [
    staticRoutes.some(({ deviceIds }) => deviceIds.includes(device.id)) && 'static routes',
    loopbacks.some(({ deviceId }) => deviceId === device.id) && 'a loopback',
    importsFrom.length > 0 && 'routes of other VRFs',
  ].filter((what) => what !== false);
  return here.map((what) =>
    say(device, 'NOT_SUPPORTED', `take ${what} of VRF ${deviceName} from ${device.slug}: Proxmox has no such thing`, id),
  );
}

/** The controller of Proxmox sets no password, and a session with one at the other end never comes up. */
function sessions({ snapshot }: FabricIndex, device: DeviceFacts): Finding[] {
  const locked = snapshot.sessions.filter(
    ({ ends, passwordSecret }) => passwordSecret !== undefined && ends.some(({ deviceId }) => deviceId === device.id),
  );
  return locked.map(({ ends }) =>
    say(
      device,
      'NOT_SUPPORTED',
      `take the password from the session of ${ends.map(({ address }) => address).join(' and ')}: Proxmox sets none`,
    ),
  );
}

function networkProblems(index: FabricIndex, device: DeviceFacts, isEvpn: boolean, network: NetworkFacts): Finding[] {
  const { id, slug, vrfId, bundle, subnets } = network;
  const beyond = subnets.filter(({ dhcpRelay, snat }) => dhcpRelay !== undefined || snat === true);
  const mode = network.replication ?? index.snapshot.fabric.replication;
  const wanted = isEvpn ? 'INGRESS_EVPN' : 'INGRESS_STATIC';
  return [
    ...(mode === wanted
      ? []
      : [
          say(
            device,
            'REPLICATION_INVALID',
            `make network ${slug} ${wanted}, or take it from ${device.slug}: a zone of Proxmox with ${isEvpn ? 'EVPN has no lists or groups' : 'lists has no EVPN'}`,
            id,
          ),
        ]),
    ...(vrfId !== null && !isEvpn
      ? [
          say(
            device,
            'NOT_SUPPORTED',
            `give ${device.slug} an EVPN controller, or take network ${slug} from it: only an EVPN zone routes`,
            id,
          ),
        ]
      : []),
    ...beyond.map(({ cidr }) =>
      say(
        device,
        'NOT_SUPPORTED',
        `take DHCP relay and SNAT from ${cidr} of network ${slug}, or the network from ${device.slug}: Trame sets neither there`,
        id,
      ),
    ),
    ...(bundle === undefined
      ? []
      : [say(device, 'BUNDLE_INVALID', `take network ${slug} from ${device.slug}: Proxmox has no VLAN-aware bundles`, id)]),
    ...(isEvpn ? targets(index, device, network, network.vni, `network ${slug}`) : []),
  ];
}

/** FRR on the nodes exports and imports AS number and VNI, and nothing of Proxmox says otherwise for a VNet. */
function targets(
  index: FabricIndex,
  device: DeviceFacts,
  {
    id,
    importTargets,
    exportTargets,
  }: Pick<NetworkFacts, 'importTargets' | 'exportTargets'> & { readonly id: NetworkFacts['id'] | VrfFacts['id'] },
  vni: number,
  what: string,
): Finding[] {
  const own = `${index.snapshot.fabric.rtAdministrator}:${vni}`;
  const isOwn = [importTargets, exportTargets].every((list) => list.length === 1 && String(list[0]) === own);
  return isOwn
    ? []
    : [
        say(
          device,
          'RT_UNREACHABLE',
          `let ${what} import and export ${own} alone, or take it from ${device.slug}: Proxmox makes no other route targets`,
          id,
        ),
      ];
}
