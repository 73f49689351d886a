/** From one kernel state to the next, as lines for `ip -batch`: what stays is not touched, so its traffic does not notice. */
import type { BridgeDomain, KernelState } from './kernel-state.js';

/** 1500 octets of underlay less 50 of VXLAN over IPv4 (RFC 7348 §5). */
const TUNNEL_MTU = 1450;

export function kernelChanges(before: KernelState, after: KernelState): readonly string[] {
  return [...removals(before, after), ...links(before, after), ...domainChanges(before, after), ...addressAdditions(before, after)];
}

function removals(before: KernelState, after: KernelState): readonly string[] {
  const domains = [...before.domains.values()].filter((domain) => !isSameTunnel(domain, after.domains.get(domain.bridge)));
  const addresses = [...before.addresses].flatMap(([name, present]) =>
    present.filter((address) => !after.addresses.get(name)?.includes(address)).map((address) => `addr del ${address} dev ${name}`),
  );
  return [...domains.flatMap(({ bridge, tunnel }) => [`link del ${tunnel}`, `link del ${bridge}`]), ...addresses];
}

function links(before: KernelState, after: KernelState): readonly string[] {
  return [
    ...after.up.filter((port) => !before.up.includes(port)).map((port) => `link set ${port} up`),
    ...before.up.filter((port) => !after.up.includes(port)).map((port) => `link set ${port} down`),
  ];
}

/** Ports leave all bridges before they enter any: which bridge comes first in the list says nothing. */
function domainChanges(before: KernelState, after: KernelState): readonly string[] {
  const domains = [...after.domains.values()].map((domain) => {
    const present = before.domains.get(domain.bridge);
    return { domain, isKept: isSameTunnel(domain, present), had: isSameTunnel(domain, present) ? (present?.ports ?? []) : [] };
  });
  return [
    ...domains.flatMap(({ domain, had }) => had.filter((port) => !domain.ports.includes(port)).map((port) => `link set ${port} nomaster`)),
    ...domains.filter(({ isKept }) => !isKept).flatMap(({ domain }) => creation(domain)),
    ...domains.flatMap(({ domain, had }) =>
      domain.ports.filter((port) => !had.includes(port)).map((port) => `link set ${port} master ${domain.bridge}`),
    ),
  ];
}

/** EVPN tells where MAC addresses are (RFC 7432 §9): the tunnel must not learn them from the data, and answers ARP itself. */
function creation({ bridge, tunnel, vni, local, udpPort }: BridgeDomain): readonly string[] {
  return [
    `link add ${bridge} type bridge stp_state 0 forward_delay 0`,
    `link add ${tunnel} type vxlan id ${vni} dstport ${udpPort} local ${local} nolearning`,
    `link set ${tunnel} mtu ${TUNNEL_MTU} master ${bridge} up`,
    `link set ${tunnel} type bridge_slave learning off neigh_suppress on`,
    `link set ${bridge} up`,
  ];
}

function addressAdditions(before: KernelState, after: KernelState): readonly string[] {
  return [...after.addresses].flatMap(([name, wanted]) =>
    wanted.filter((address) => !before.addresses.get(name)?.includes(address)).map((address) => `addr add ${address} dev ${name}`),
  );
}

const isSameTunnel = (a: BridgeDomain, b: BridgeDomain | undefined): boolean =>
  b !== undefined && a.tunnel === b.tunnel && a.local === b.local && a.udpPort === b.udpPort;
