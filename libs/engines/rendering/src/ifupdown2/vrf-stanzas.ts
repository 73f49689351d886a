/** A VRF of a host: its device, the bridge and tunnel of its L3 VNI, and where it is an exit node, the way out. */
import type { HostNatFacts, VrfExitIntent, VrfIntent } from '#engines/intent';
import { DeviceName, Ip } from '#engines/kernel';
import type { Part } from '../text.js';
import { type Family, natLines, type Translation, wayBack } from './nat.js';
import { type Stanza, stanza } from './stanza.js';
import { type Tunnel, type TunnelEnd, vxlanStanza } from './vxlan-stanza.js';

export type HostVrf = Pick<VrfIntent, 'name' | 'l3vni' | 'mtu' | 'bridgeName' | 'vxlanName' | 'routerMac' | 'loopbacks' | 'exit'>;

/** The metric that the kernel's VRF documentation recommends: worse than every real route. */
const LAST_RESORT = 4_278_198_272;

const vrfTunnel = ({ vxlanName, l3vni, mtu }: HostVrf, vtep: TunnelEnd): Tunnel => ({
  name: vxlanName,
  vni: l3vni,
  mtu,
  vtep,
  flooding: { kind: 'EVPN' },
  suppressesArp: false,
});

export function vrfStanzas(vrf: HostVrf, vtep: TunnelEnd): Stanza[] {
  const { name, exit } = vrf;
  return [
    stanza(
      name,
      null,
      ...vrf.loopbacks.map(({ address }) => `address ${address}/${address.includes(':') ? 128 : 32}`), // a VRF device is its VRF's loopback
      'vrf-table auto',
      // A look-up that misses in the VRF's table would go on in the main table: into the underlay and the management network.
      `post-up ip route replace vrf ${name} unreachable default metric ${LAST_RESORT}`,
      `post-up ip -6 route replace vrf ${name} unreachable default metric ${LAST_RESORT}`,
      exit && wayBack(waysOut(exit).flatMap(({ port, family }) => (family === 4 ? [port] : []))),
      exit && natLines(exitTranslation(name, exit)),
    ),
    vxlanStanza(vrfTunnel(vrf, vtep)),
    stanza(
      vrf.bridgeName,
      null,
      `hwaddress ${vrf.routerMac}`,
      `bridge-ports ${vrf.vxlanName}`,
      'bridge-stp off',
      'bridge-fd 0',
      `mtu ${vrf.mtu}`,
      `vrf ${name}`,
    ),
    ...transitStanzas(vrf),
  ];
}

const waysOut = ({ gateways }: VrfExitIntent): { readonly port: string; readonly family: Family }[] =>
  gateways.map(({ port, address }) => ({ port, family: Ip.family(address) }));

/** Sources of the VRF leave with the address of the way out. */
function exitTranslation(owner: string, exit: VrfExitIntent): Translation {
  const families = ([4, 6] as const).filter((family) => waysOut(exit).some((way) => way.family === family));
  const rules = exit.prefixes.flatMap((source) =>
    waysOut(exit).flatMap(({ port, family }): HostNatFacts[] =>
      exit.snat === 'MASQUERADE' && family === (source.includes(':') ? 6 : 4)
        ? [{ kind: 'MASQUERADE', source, out: DeviceName.parse(port), bridge: DeviceName.parse(owner) }]
        : [],
    ),
  );
  return { owner, rules, directions: ['out'], families };
}

/**
 * A cable inside the host between main table and VRF. Whichever end comes up first makes both: with `link-type veth` and `veth-peer-name` ifupdown2
 * 3.0.0 takes the ends for each other's condition, and forgets one of them the first time. It hears of interfaces that a command makes from
 * the kernel, a moment later: without the second it leaves an end alone as "not found" when the host is busy (one time in four, measured).
 */
function transitStanzas({ name, exit }: HostVrf): Stanza[] {
  if (!exit?.transit) return [];
  const { mainPort, vrfPort, mainAddresses, vrfAddresses } = exit.transit;
  const cable = [
    `pre-up ip link show dev ${mainPort} >/dev/null 2>&1 || { ip link add ${mainPort} type veth peer name ${vrfPort}; sleep 1; }`,
    `post-down ip link del ${mainPort} 2>/dev/null || true`,
  ];
  const addresses = (of: typeof mainAddresses): Part => of.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`);
  // Answers from the world come back in the main table and go on over the cable: the end in the VRF passes them on, the other one does not.
  const forward = ([4, 6] as const).flatMap((family) =>
    vrfAddresses.some(({ address }) => Ip.family(address) === family) ? [family === 4 ? 'ip-forward on' : 'ip6-forward on'] : [],
  );
  return [
    stanza(mainPort, null, cable, addresses(mainAddresses)),
    stanza(vrfPort, null, cable, addresses(vrfAddresses), forward, `vrf ${name}`),
  ];
}
