/** The protocol of the underlay and its BFD, stated again. */
import type { BfdFacts, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';

export function igpOutline(intent: DeviceIntent): OutlineEntry[] {
  const { igp, vtep, bgp } = intent;
  if (!igp) return [];
  const loopback = intent.host?.loopback ?? 'lo';
  const isSix = vtep?.address.includes(':') ?? false;
  const [member, word, router, body] = {
    OSPF: [`ip ospf area ${igp.area}`, 'ip ospf', 'router ospf', [`ospf router-id ${bgp?.routerId}`]],
    ISIS: [
      `${isSix ? 'ipv6' : 'ip'} router isis TRAME`,
      'isis',
      'router isis TRAME',
      ['is-type level-2-only', 'lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200', `net ${igp.net}`],
    ],
    OPENFABRIC: [
      `${isSix ? 'ipv6' : 'ip'} router openfabric TRAME`,
      'openfabric',
      'router openfabric TRAME',
      ['lsp-gen-interval 1', `net ${igp.net}`],
    ],
  }[igp.protocol] as [string, string, string, string[]];
  const shape = igp.protocol === 'OPENFABRIC' ? [] : [`${word} network point-to-point`];
  const bfd = igp.bfd ? [`${word} bfd`, `${word} bfd profile ${nameOf(igp.bfd)}`] : [];
  return [
    ...igp.ports.flatMap((port) => [
      ...outline([], [`interface ${port}`, 'exit']),
      ...outline([`interface ${port}`], [member, ...bfd, ...shape]),
    ]),
    ...outline([], [`interface ${loopback}`, 'exit', router, 'exit']),
    ...outline([`interface ${loopback}`], [member, `${word} passive`]),
    ...outline([router], body),
  ];
}

const nameOf = ({ transmitMs, receiveMs, multiplier }: BfdFacts): string => `trame-${transmitMs}-${receiveMs}-${multiplier}`;

export function bfdOutline({ bgp, igp }: DeviceIntent): OutlineEntry[] {
  const all = [igp?.bfd, ...(bgp?.neighbors.map(({ bfd }) => bfd) ?? [])].filter((facts) => facts !== null && facts !== undefined);
  const profiles = new Map(all.map((facts) => [nameOf(facts), facts]));
  if (profiles.size === 0) return [];
  return [
    ...outline([], ['bfd', 'exit']),
    ...[...profiles].flatMap(([name, { transmitMs, receiveMs, multiplier }]) => [
      ...outline(['bfd'], [`profile ${name}`, 'exit']),
      ...outline(
        ['bfd', `profile ${name}`],
        [
          ...(multiplier === 3 ? [] : [`detect-multiplier ${multiplier}`]),
          ...(transmitMs === 300 ? [] : [`transmit-interval ${transmitMs}`]),
          ...(receiveMs === 300 ? [] : [`receive-interval ${receiveMs}`]),
        ],
      ),
    ]),
  ];
}
