/** Lines of a network that many switches have alike: made and read again once for each VLAN that it has somewhere. */
import type { L2VniIntent } from '#engines/intent';
import type { RouteDistinguisher } from '#engines/kernel';
import { outline, section } from '../outline.js';
import { GAP, shared, Template } from '../piece.js';
import { block } from '../text.js';
import { evpnInstance, macVrfInstance } from './evpn-instances.js';
import { instanceKeys } from './outline-instance.js';
import { sviKeys } from './outline-svi.js';
import { STEP } from './step.js';
import { svi } from './svi.js';

export interface NetworkTemplates {
  readonly vlan: Template;
  readonly svi: Template;
  /** In `interface Vxlan1`. */
  readonly vxlan: Template;
  /** In `router bgp`, with a gap for the route distinguisher. */
  readonly macVrf: Template;
}

const FIELDS = ['vlan', 'gateways', 'networkName', 'mtu', 'vrf', 'vni', 'exportTargets', 'remoteTarget'] as const;

export const templatesOf = shared<L2VniIntent>()('importTargets', FIELDS, (network): NetworkTemplates => {
  const { vlan, vni } = network;
  const instance = macVrfInstance({ ...network, rd: GAP as RouteDistinguisher });
  const inVxlan = `vxlan vlan ${vlan} vni ${vni}`;
  return {
    // Derived: at most 32 characters for every VNI, and nothing that a customer typed.
    vlan: new Template(0, block(STEP, `vlan ${vlan}`, `name vni${vni}`), section(`vlan ${vlan}`, ['name'])),
    svi: new Template(0, svi(network), section(`interface Vlan${vlan}`, sviKeys(network))),
    vxlan: new Template(STEP, [inVxlan], outline([], [inVxlan])),
    macVrf: new Template(STEP, evpnInstance(instance), section(instance.head, instanceKeys(instance))),
  };
});

/** Whether two switches say the same of a network, but for what is in gaps and in lists of VTEPs. */
export function saysSame(a: L2VniIntent, b: L2VniIntent): boolean {
  return (
    a === b ||
    (a.importTargets === b.importTargets &&
      a.vlan === b.vlan &&
      a.gateways === b.gateways &&
      a.networkName === b.networkName &&
      a.mtu === b.mtu &&
      a.vrf === b.vrf &&
      a.vni === b.vni &&
      a.exportTargets === b.exportTargets &&
      a.remoteTarget === b.remoteTarget &&
      a.replication === b.replication &&
      a.bundle === b.bundle &&
      a.multicastGroup === b.multicastGroup)
  );
}
