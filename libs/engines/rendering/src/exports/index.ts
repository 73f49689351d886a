/** For what Trame does not push: what a device has to do, as data. Ansible reads host variables in JSON as it reads them in YAML. */
import type { DeviceIntent, EdgePortIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import type { Draft, Renderer } from '../artefact.js';

/** The whole intent, key by key as the engines have it. */
const INTENT_PATH = 'trame/intent.json';

export const exportArtefacts: Renderer = (intent): readonly Draft[] => [
  { path: INTENT_PATH, format: 'json', mode: 0o644, owner: 'root', text: printed(intent) },
  { path: `host_vars/${intent.slug}.json`, format: 'ansible', mode: 0o644, owner: 'root', text: printed(hostVariables(intent)) },
];

/** Names as Ansible wants them: one prefix, lower case, underscores. A list is there even where it is empty, so that loops need no default. */
function hostVariables(intent: DeviceIntent): object {
  const { hostname, platform, vtep, bgp, l2vnis, vrfs, edgePorts, anycastGatewayMac } = intent;
  return {
    trame_hostname: hostname,
    trame_platform: platform,
    trame_vtep: vtep && { address: vtep.address, udp_port: vtep.udpPort },
    trame_anycast_gateway_mac: anycastGatewayMac,
    trame_bgp: bgp && {
      asn: bgp.asn,
      router_id: bgp.routerId,
      neighbors: bgp.neighbors.map(({ address, port, remoteAsn, description, families }) => ({
        address,
        interface: port,
        remote_asn: remoteAsn,
        description,
        families,
      })),
    },
    trame_vnis: l2vnis.map(networkVariables),
    trame_vrfs: vrfs.map(vrfVariables),
    trame_ports: edgePorts.map(portVariables),
  };
}

const networkVariables = (network: L2VniIntent): object => ({
  vni: network.vni,
  name: network.networkSlug,
  vlan: network.vlan,
  rd: network.rd,
  route_targets_import: network.importTargets,
  route_targets_export: network.exportTargets,
  mtu: network.mtu,
  vrf: network.vrf,
  gateways: network.gateways.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
  replication: network.replication,
  multicast_group: network.multicastGroup,
  remote_vteps: network.remoteVteps,
});

const vrfVariables = (vrf: VrfIntent): object => ({
  name: vrf.name,
  l3vni: vrf.l3vni,
  rd: vrf.rd,
  route_targets_import: vrf.importTargets,
  route_targets_export: vrf.exportTargets,
});

const portVariables = ({ port, members }: EdgePortIntent): object => ({
  name: port,
  untagged: members.find(({ tagging }) => tagging === 'UNTAGGED')?.vni ?? null,
  tagged: members.filter(({ tagging }) => tagging === 'TAGGED').map(({ vni, vlan }) => ({ vni, vlan })),
});

/** JSON escapes what could be taken for a line end; U+2028 and U+2029 are none to a JSON reader, but to some editors. */
const printed = (value: object): string[] =>
  JSON.stringify(value, null, 2)
    .replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .split('\n');
