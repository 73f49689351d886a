/** What the subnets of a vnet put into its stanza. */
import type { Subnet, Vnet } from '../model/sdn-config.js';
import { canonical, familyOf } from '../model/written.js';
import type { NodeFacts } from '../node/node-facts.js';

/** Where Proxmox looks for the way out. */
const OUTSIDE = { 4: '8.8.8.8', 6: '2001:4860:4860::8888' } as const;

export interface SubnetOptions {
  readonly addresses: readonly string[];
  readonly forwarding: readonly string[];
}

export interface SubnetRole {
  /** A /32 is reached over the bridge by a route of its own: the guest has a routed address. */
  readonly routesHosts: boolean;
  readonly translates: boolean;
}

export function subnetOptions(
  vnet: Vnet,
  subnets: readonly Subnet[],
  facts: NodeFacts,
  { routesHosts, translates }: SubnetRole,
): SubnetOptions {
  const seen = new Set<string>();
  const addresses = subnets.flatMap((subnet) => {
    const { gateway, prefix } = subnet;
    const isNew = gateway !== null && !seen.has(canonical(gateway));
    if (gateway !== null) seen.add(canonical(gateway));
    return [
      ...(isNew ? [`address ${gateway}/${prefix.length}`] : []),
      ...(routesHosts && familyOf(prefix.address) === 4 && prefix.length === 32 ? [`up ip route add ${prefix.text} dev ${vnet.id}`] : []),
      ...(translates ? translation(subnet, facts) : []),
    ];
  });
  const hasGateway = (family: 4 | 6): boolean => subnets.some(({ gateway }) => gateway !== null && familyOf(gateway) === family);
  return {
    addresses,
    forwarding: [...(hasGateway(4) ? ['ip-forward on'] : []), ...(hasGateway(6) ? ['ip6-forward on'] : [])],
  };
}

/** The connections of guests behind the firewall's bridges (fwbr…) get a zone of their own, or they would be translated twice. */
function translation({ snat, gateway, prefix }: Subnet, facts: NodeFacts): string[] {
  const family = gateway === null ? 4 : familyOf(gateway);
  const out = snat ? facts.route(OUTSIDE[family]) : undefined;
  if (out === undefined) return [];
  const tool = family === 4 ? 'iptables' : 'ip6tables';
  const nat = `POSTROUTING -s '${prefix.text}' -o ${out.device} -j SNAT --to-source ${out.source}`;
  const raw = 'PREROUTING -i fwbr+ -j CT --zone 1';
  return [
    `post-up ${tool} -t nat -A ${nat}`,
    `post-down ${tool} -t nat -D ${nat}`,
    `post-up ${tool} -t raw -I ${raw}`,
    `post-down ${tool} -t raw -D ${raw}`,
  ];
}
