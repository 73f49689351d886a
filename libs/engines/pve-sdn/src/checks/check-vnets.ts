import { invalidValue } from '#engines/kernel';
import type { SdnConfig, Vnet } from '../model/sdn-config.js';
import type { Zone } from '../model/zone.js';
import { LARGEST_VLAN } from '../model/limits.js';
import { among } from './check-zones.js';
import { firstTwice } from './first-twice.js';

interface Placed {
  readonly vnet: Vnet;
  readonly zone: Zone;
}

export function checkVnets({ zones, vnets, subnets }: SdnConfig): void {
  const byId = new Map(zones.map((zone) => [zone.id, zone]));
  const placed = vnets.map((vnet): Placed => {
    const zone = byId.get(vnet.zone);
    if (zone === undefined) throw invalidValue(`vnet ${vnet.id}: zone`, vnet.zone, among('a zone', [...byId.keys()]));
    return { vnet, zone };
  });
  const bridged = new Set(subnets.map(({ vnet }) => vnet));
  for (const one of placed) checkAlone(one, bridged.has(one.vnet.id));
  checkVlans(placed);
  checkVnis(placed, zones);
  for (const { id, vnet } of subnets) {
    if (!vnets.some((one) => one.id === vnet))
      throw invalidValue(
        `subnet ${id}: vnet`,
        vnet,
        among(
          'a vnet',
          vnets.map((one) => one.id),
        ),
      );
  }
}

function checkAlone({ vnet, zone }: Placed, hasSubnets: boolean): void {
  const { id, tag } = vnet;
  const wantsTag = zone.type === 'vlan' || zone.type === 'vxlan' || zone.type === 'evpn';
  if (wantsTag && tag === null) throw invalidValue(`vnet ${id}: tag`, 'nothing', `a tag: zone ${zone.id} is a ${zone.type} zone`);
  if (zone.type === 'simple' && tag !== null)
    throw invalidValue(`vnet ${id}: tag`, tag, 'no tag: the bridge of a simple zone has no uplink');
  if ((zone.type === 'vlan' || zone.type === 'qinq') && tag !== null && tag > LARGEST_VLAN) {
    throw invalidValue(`vnet ${id}: tag`, tag, `a VLAN id from 1 to ${LARGEST_VLAN}`);
  }
  if (zone.type === 'evpn' && vnet.vlanAware)
    throw invalidValue(`vnet ${id}: vlanaware`, 1, '0: an EVPN vnet carries one VNI, and no VLANs');
  if (hasSubnets && vnet.vlanAware) throw invalidValue(`vnet ${id}: vlanaware`, 1, '0: a vnet with subnets carries no VLANs');
  if (zone.type !== 'simple' && vnet.mac !== null) throw invalidValue(`vnet ${id}: mac`, vnet.mac, 'a MAC in a simple zone only');
}

/** A VLAN belongs to one vnet of its zone, and at most one vnet of a QinQ zone carries the untagged frames. */
function checkVlans(placed: readonly Placed[]): void {
  const twice = firstTwice(placed, ({ vnet, zone }) =>
    zone.type === 'vlan' || zone.type === 'qinq' ? `${zone.id} ${vnet.tag ?? 'untagged'}` : null,
  );
  if (twice === null) return;
  const [{ vnet: before }, { vnet }] = twice;
  throw invalidValue(
    `vnet ${vnet.id}: tag`,
    vnet.tag ?? 'nothing',
    `a tag of its own in zone ${vnet.zone}: vnet ${before.id} has this one`,
  );
}

/** The kernel holds one tunnel for a VNI; Proxmox compares neither L2 with L3 VNIs, nor does it say why nothing works then. */
function checkVnis(placed: readonly Placed[], zones: readonly Zone[]): void {
  const twice = firstTwice(
    [
      ...zones.map((zone) => ({ holder: `zone ${zone.id}`, what: 'vrf-vxlan', vni: zone.type === 'evpn' ? zone.l3vni : null })),
      ...placed.map(({ vnet, zone }) => ({
        holder: `vnet ${vnet.id}`,
        what: 'tag',
        vni: zone.type === 'vxlan' || zone.type === 'evpn' ? vnet.tag : null,
      })),
    ],
    ({ vni }) => vni,
  );
  if (twice === null) return;
  const [before, { holder, what, vni }] = twice;
  throw invalidValue(`${holder}: ${what}`, vni, `a VNI of its own: ${before.holder} has this one`);
}
