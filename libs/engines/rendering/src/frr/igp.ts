/** OSPFv2, IS-IS or OpenFabric on the ports of the underlay; the loopback is announced and speaks with nobody. */
import type { BfdFacts, DeviceIntent, IgpIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { bfdProfile, IGP_INSTANCE } from './names.js';

export const loopbackOf = ({ host }: DeviceIntent): string => host?.loopback ?? 'lo';

export function igpInterfaces(intent: DeviceIntent, igp: IgpIntent): string[][] {
  return [
    ...igp.ports.map((port) =>
      block(
        1,
        `interface ${port}`,
        [...member(intent, igp), ...bfd(igp), network(igp)].filter((line) => line !== null),
        'exit',
      ),
    ),
    block(1, `interface ${loopbackOf(intent)}`, [...member(intent, igp), `${keyword(igp)} passive`], 'exit'),
  ];
}

export function igpRouter(intent: DeviceIntent, igp: IgpIntent): string[] {
  if (igp.protocol === 'OSPF') return block(1, 'router ospf', [`ospf router-id ${intent.bgp?.routerId}`], 'exit');
  return block(
    1,
    igp.protocol === 'ISIS' ? `router isis ${IGP_INSTANCE}` : `router openfabric ${IGP_INSTANCE}`,
    lines(
      igp.protocol === 'ISIS' && 'is-type level-2-only',
      // 30 s by default: a neighbor that has come up would be told to nobody for half a minute. isisd prints all its timers then.
      igp.protocol === 'ISIS' ? 'lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200' : 'lsp-gen-interval 1',
      `net ${igp.net}`,
    ),
    'exit',
  );
}

function member({ vtep }: DeviceIntent, { protocol, area }: IgpIntent): string[] {
  if (protocol === 'OSPF') return [`ip ospf area ${area}`];
  const family = vtep?.address.includes(':') ? 'ipv6' : 'ip';
  return [`${family} router ${protocol === 'ISIS' ? 'isis' : 'openfabric'} ${IGP_INSTANCE}`];
}

/** Without neighbors to choose among, a designated router is one more thing to wait for. OpenFabric knows point-to-point links only. */
function network({ protocol }: IgpIntent): string | null {
  if (protocol === 'OPENFABRIC') return null;
  return protocol === 'OSPF' ? 'ip ospf network point-to-point' : 'isis network point-to-point';
}

function bfd(igp: IgpIntent): string[] {
  return igp.bfd ? [`${keyword(igp)} bfd`, `${keyword(igp)} bfd profile ${bfdProfile(igp.bfd)}`] : [];
}

function keyword({ protocol }: IgpIntent): string {
  return protocol === 'OSPF' ? 'ip ospf' : protocol === 'ISIS' ? 'isis' : 'openfabric';
}

/** Every set of timers that a session or an adjacency names, once. */
export function bfdProfiles({ bgp, igp }: DeviceIntent): readonly BfdFacts[] {
  const named = [...(bgp?.neighbors ?? []).map(({ bfd }) => bfd), igp?.bfd ?? null].flatMap((facts) => (facts ? [facts] : []));
  return [...new Map(named.map((facts) => [bfdProfile(facts), facts])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, facts]) => facts);
}

export function bfdBlock(intent: DeviceIntent): string[] {
  const profiles = bfdProfiles(intent);
  if (profiles.length === 0) return [];
  return block(
    1,
    'bfd',
    profiles.flatMap((facts) => [...profile(facts), '!']),
    'exit',
  );
}

/** FRR does not print what is its default: 3 packets, 300 ms. */
function profile(facts: BfdFacts): string[] {
  const { multiplier, transmitMs, receiveMs } = facts;
  return block(
    1,
    `profile ${bfdProfile(facts)}`,
    lines(
      multiplier !== 3 && `detect-multiplier ${multiplier}`,
      transmitMs !== 300 && `transmit-interval ${transmitMs}`,
      receiveMs !== 300 && `receive-interval ${receiveMs}`,
    ),
    'exit',
  );
}
