/** What the live state of a host means to the fabric. */
import type { SimulatedEvi, SimulatedFacts } from '../simulated-fabric.js';
import type { EvpnVni } from './frr-commands.js';
import type { FrrRunning } from './frr-text.js';
import { attribute, type HostSystem } from './host-system.js';
import type { InterfaceStanza } from './interfaces-text.js';

/** RFC 8365 §5.1.2.1: type VXLAN (1) stands above the 24 bits of the VNI; it keeps automatic targets off the explicit ones. */
const RFC8365_VXLAN = 0x1000_0000;

export interface HostEvi extends SimulatedEvi {
  readonly rd: string;
  readonly vxlanInterface: string;
  readonly localVtep: string;
}

/** By the routing that runs: it and the interfaces are replaced when they change, never altered. */
const known = new WeakMap<FrrRunning, { readonly interfaces: readonly InterfaceStanza[]; readonly facts: SimulatedFacts }>();

/** The same object as long as nothing changes. */
export function factsOf(system: Pick<HostSystem, 'interfaces' | 'routing'>): SimulatedFacts {
  const before = known.get(system.routing);
  if (before?.interfaces === system.interfaces) return before.facts;
  const facts = readFacts(system);
  known.set(system.routing, { interfaces: system.interfaces, facts });
  return facts;
}

function readFacts(system: Pick<HostSystem, 'interfaces' | 'routing'>): SimulatedFacts {
  const { model } = system.routing;
  const evis = evisOf(system);
  return {
    vtep: evis[0]?.localVtep ?? null,
    asn: model.asn,
    addresses: system.interfaces.flatMap(({ attributes }) =>
      attributes.filter(([key]) => key === 'address').map(([, value]) => value.split('/')[0] ?? ''),
    ),
    neighbors: [...model.neighbors].map(([address, neighbor]) => ({
      address,
      remoteAsn: neighbor.remoteAsn ?? 0,
      password: neighbor.password,
      evpn: neighbor.families.has('evpn'),
      routeReflectorClient: neighbor.reflectsIn.has('evpn'),
    })),
    evis,
  };
}

/** VNIs that both the kernel and bgpd have; what the configuration does not say, bgpd derives. */
export function evisOf(system: Pick<HostSystem, 'interfaces' | 'routing'>): HostEvi[] {
  const { model } = system.routing;
  if (model.asn === null || !model.advertisesAllVnis) return [];
  return system.interfaces.flatMap((stanza): HostEvi[] => {
    const [id, localVtep] = [attribute(stanza, 'vxlan-id'), attribute(stanza, 'vxlan-local-tunnelip')];
    if (id === null || localVtep === null) return [];
    const vni = Number(id);
    const configured: EvpnVni = model.vnis.get(vni) ?? { rd: null, importTargets: [], exportTargets: [] };
    const automatic = [`${model.asn}:${model.hasRfc8365Targets ? RFC8365_VXLAN + vni : vni}`];
    return [
      {
        vni,
        localVtep,
        vxlanInterface: stanza.name,
        rd: configured.rd ?? `${model.routerId ?? '0.0.0.0'}:${vni}`,
        importRts: configured.importTargets.length > 0 ? configured.importTargets : automatic,
        exportRts: configured.exportTargets.length > 0 ? configured.exportTargets : automatic,
      },
    ];
  });
}
