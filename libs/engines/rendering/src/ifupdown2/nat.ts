/**
 * Address translation of one bridge or VRF, in chains of its own. A rule that is added to a chain of the kernel stays there when its line changes:
 * `ifreload` puts the new stanza in force and never runs the old one's post-down (ifupdown2 3.0.0). So a chain is replaced as a
 * whole, in one step: between flushing and filling it, a connection would begin with its private address and keep it.
 */
import type { HostNatFacts } from '#engines/intent';
import { Cidr, Ip } from '#engines/kernel';

export type Family = 4 | 6;
export type Direction = 'out' | 'in';

const HOOKS = { out: 'POSTROUTING', in: 'PREROUTING' } as const;

/** What translates for an interface: rules of a bridge, or the way out of a VRF. */
export interface Translation {
  /** Interface whose stanza carries it; at most 15 characters, and a chain's name has room for 28. */
  readonly owner: string;
  readonly rules: readonly HostNatFacts[];
  /** Chains that are ours, in use or not. */
  readonly directions: readonly Direction[];
  readonly families: readonly Family[];
}

export const familyOf = (rule: HostNatFacts): Family => (rule.kind === 'DNAT' ? Ip.family(rule.to) : Cidr.family(rule.source));

/** Lines of the owner's stanza. A chain that has no rules any more is taken away when the stanza is put in force. */
export function natLines({ owner, rules, directions, families }: Translation): string[] {
  return families.flatMap((family) =>
    directions.flatMap((direction) => {
      const own = rules.filter((rule) => familyOf(rule) === family && (rule.kind === 'DNAT') === (direction === 'in'));
      const name = `TRAME-${owner}-${direction}`;
      return own.length > 0 ? inForce(family, direction, name, own) : [`post-up ${removal(family, direction, name)}`];
    }),
  );
}

function inForce(family: Family, direction: Direction, chain: string, rules: readonly HostNatFacts[]): string[] {
  const hook = `${tool(family)} -w -t nat`;
  // ifupdown2 reads a backslash as the end of a line: no printf here.
  const table = ['*nat', `:${chain} - [0:0]`, ...rules.map((rule) => `-A ${chain} ${matchAndTarget(rule)}`), 'COMMIT'];
  return [
    `post-up ( ${table.map((line) => `echo '${line}'`).join('; ')} ) | ${tool(family)}-restore --noflush`,
    `post-up ${hook} -C ${HOOKS[direction]} -j ${chain} 2>/dev/null || ${hook} -A ${HOOKS[direction]} -j ${chain}`,
    `post-down ${removal(family, direction, chain)}`,
  ];
}

function removal(family: Family, direction: Direction, chain: string): string {
  const hook = `${tool(family)} -w -t nat`;
  return `${hook} -D ${HOOKS[direction]} -j ${chain} 2>/dev/null && ${hook} -F ${chain} && ${hook} -X ${chain} || true`;
}

function matchAndTarget(rule: HostNatFacts): string {
  switch (rule.kind) {
    case 'MASQUERADE':
      return `-s ${rule.source} -o ${rule.out} -j MASQUERADE`;
    case 'SNAT':
      return `-s ${rule.source} -o ${rule.out} -j SNAT --to-source ${rule.to}`;
    case 'DNAT': {
      const to = Ip.family(rule.to) === 4 ? rule.to : `[${rule.to}]`;
      return `-i ${rule.in} -p ${rule.protocol} -m ${rule.protocol} --dport ${rule.port} -j DNAT --to-destination ${to}:${rule.toPort}`;
    }
  }
}

/** IPv4 ports that rules name. */
export const portsOf = (rules: readonly HostNatFacts[]): string[] => [
  ...new Set(rules.filter((rule) => familyOf(rule) === 4).map((rule) => (rule.kind === 'DNAT' ? rule.in : rule.out))),
];

/**
 * Answers come in where requests went out, and the kernel asks the interface of entry whether it may forward. The port is somebody else's and may come up
 * later: it is waited for, a minute long and in the background, because a default for new interfaces would open the bridges and taps of
 * others as well. IPv6 has one switch for all, and it is the operator's: with it a host takes no router advertisements any more.
 */
export const wayBack = (ports: readonly string[]): string[] =>
  ports.map((port) => {
    const opened = `echo 1 | tee /proc/sys/net/ipv4/conf/${port}/forwarding >/dev/null 2>&1`;
    return `post-up ${opened} || { ( for second in $(seq 60); do sleep 1; ${opened} && break; done ) >/dev/null 2>&1 & }`;
  });

const tool = (family: Family): string => (family === 4 ? 'iptables' : 'ip6tables');
