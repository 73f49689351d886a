/** VLAN-aware bundles, and gateways between EVPN domains: what EOS does with EOS, and FRR with nobody. */
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import type { BgpSessionFacts, DeviceFacts } from '../snapshot.js';
import { replicationOf } from './replication.js';

export function checkEvpnDomains(index: FabricIndex): Finding[] {
  return [
    ...bundles(index),
    ...index.snapshot.devices.flatMap(domain),
    ...index.snapshot.sessions.flatMap((session) => remote(index, session)),
    ...stretched(index),
  ];
}

/** A bundle puts an Ethernet tag into its routes (RFC 7432 §6.3); FRR has one EVI per VNI, without a tag, and throws them away. */
function bundles(index: FabricIndex): Finding[] {
  return index.snapshot.networks.flatMap((network) => {
    const { id, slug, bundle } = network;
    if (bundle === undefined) return [];
    const path = `networks.${slug}.bundle`;
    const others = [...(index.membersOfNetwork.get(id) ?? [])].flatMap((member) => {
      const device = index.device.get(member);
      return device && device.platform !== 'ARISTA_EOS' ? [device.slug] : [];
    });
    return [
      ...(others.length > 0
        ? [
            error(
              'BUNDLE_INVALID',
              path,
              `take network ${slug} out of bundle ${bundle}, or off ${listed(others)}: a VLAN-aware bundle marks its routes with a tag, and only EOS reads it`,
              [id],
            ),
          ]
        : []),
      ...(replicationOf(index, network) === 'INGRESS_EVPN'
        ? []
        : [error('BUNDLE_INVALID', path, `make network ${slug} INGRESS_EVPN, or take it out of bundle ${bundle}: a bundle is EVPN`, [id])]),
      ...(/^[A-Za-z0-9._-]{1,32}$/.test(bundle)
        ? []
        : [error('NAME_INVALID', path, 'name the bundle with 1 to 32 letters, digits, dots, dashes and underscores', [id])]),
    ];
  });
}

const DOMAIN = /^(\d{1,5}):(\d{1,10})$/;

function isDomainId(text: string): boolean {
  const [, left, right] = DOMAIN.exec(text) ?? [];
  return left !== undefined && Number(left) <= 65_535 && Number(right) <= 4_294_967_295;
}

function domain({ id, slug, switch: facts }: DeviceFacts): Finding[] {
  if (!facts?.domain) return [];
  const { id: own, remoteId } = facts.domain;
  const problems = [
    ...[own, ...(remoteId === null ? [] : [remoteId])]
      .filter((text) => !isDomainId(text))
      .map((text) => `write an EVPN domain of ${slug} as 65000:1, not ${text}`),
    ...(own === remoteId ? [`give the other side of ${slug} another EVPN domain than ${own}: a route would be thrown away as a loop`] : []),
  ];
  return problems.map((problem) => error('DOMAIN_INVALID', `devices.${slug}.domain`, problem, [id]));
}

/** EOS makes routes new between domains; FRR cannot. */
function remote(index: FabricIndex, { ends: [a, b], families, domain: side }: BgpSessionFacts): Finding[] {
  if (side !== 'REMOTE') return [];
  const devices = [a, b].flatMap(({ deviceId }) => index.device.get(deviceId) ?? []);
  const ids = devices.map(({ id }) => id);
  const path = `sessions.${a.address}-${b.address}`;
  const foreign = devices.filter(({ platform }) => platform !== 'ARISTA_EOS' && platform !== 'EXTERNAL').map(({ slug }) => String(slug));
  const without = devices.filter((device) => device.platform === 'ARISTA_EOS' && !device.switch?.domain).map(({ slug }) => String(slug));
  return [
    ...(foreign.length > 0
      ? [
          error(
            'DOMAIN_INVALID',
            path,
            `end the session between domains on EOS and not on ${listed(foreign)}: FRR is no gateway of EVPN domains`,
            ids,
          ),
        ]
      : []),
    ...(without.length > 0
      ? [error('DOMAIN_INVALID', path, `give ${listed(without)} an EVPN domain, or make its session LOCAL`, ids)]
      : []),
    ...(families.includes('L2VPN_EVPN')
      ? []
      : [error('DOMAIN_INVALID', path, 'carry EVPN on the session between domains, or make it LOCAL', ids)]),
  ];
}

function stretched(index: FabricIndex): Finding[] {
  return index.snapshot.networks.flatMap((network) => {
    if (network.remoteTarget === undefined) return [];
    const members = [...(index.membersOfNetwork.get(network.id) ?? [])];
    if (members.length === 0 || members.some((id) => index.device.get(id)?.switch?.domain)) return [];
    const message = `attach network ${network.slug} to a gateway of EVPN domains, or take its remote target: nobody carries it there`;
    return [error('DOMAIN_INVALID', `networks.${network.slug}.remoteTarget`, message, [network.id])];
  });
}
