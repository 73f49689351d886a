import { invalidValue } from '#engines/kernel';
import type { EvpnController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { among } from './check-zones.js';
import { firstTwice } from './first-twice.js';

export function checkControllers({ controllers, fabrics }: SdnConfig): void {
  for (const type of ['bgp', 'isis'] as const) {
    const twice = firstTwice(controllers, (controller) => (controller.type === type ? controller.node : null));
    if (twice !== null) {
      throw invalidValue(`controller ${twice[1].id}: node`, nodeOf(twice[1]), `one ${type} controller on a node: ${twice[0].id} is there`);
    }
  }
  const evpn = controllers.filter((controller) => controller.type === 'evpn');
  for (const { id, underlay } of evpn) {
    if (!('fabric' in underlay) || fabrics.some((fabric) => fabric.id === underlay.fabric)) continue;
    throw invalidValue(
      `controller ${id}: fabric`,
      underlay.fabric,
      among(
        'a fabric',
        fabrics.map((fabric) => fabric.id),
      ),
    );
  }
  checkBesideEachOther(evpn);
}

/** Several evpn controllers of a node are peer groups of one router: one ASN, and a name for each. */
function checkBesideEachOther(controllers: readonly EvpnController[]): void {
  for (const [at, controller] of controllers.entries()) {
    const before = controllers.slice(0, at).filter((one) => meet(one, controller));
    const sameName = before.find((one) => one.peerGroup === controller.peerGroup);
    if (sameName) {
      const accepted = `a peer group of its own: controller ${sameName.id} has this one`;
      throw invalidValue(`controller ${controller.id}: peer-group-name`, controller.peerGroup, accepted);
    }
    const otherAsn = before.find((one) => one.asn !== controller.asn);
    if (otherAsn)
      throw invalidValue(
        `controller ${controller.id}: asn`,
        controller.asn,
        `${otherAsn.asn}, as controller ${otherAsn.id} has on the same nodes`,
      );
  }
}

const meet = (a: EvpnController, b: EvpnController): boolean =>
  a.nodes === null || b.nodes === null || a.nodes.some((node) => b.nodes?.includes(node));
const nodeOf = (controller: SdnConfig['controllers'][number]): string => ('node' in controller ? controller.node : controller.id);
