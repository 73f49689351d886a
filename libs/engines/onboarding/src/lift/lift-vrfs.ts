/** VRFs of switches: one per name, where all who have it agree on its L3 VNI. */
import type { NetworkFacts, RdFacts, VrfFacts } from '#engines/intent';
import { compareNatural, DeviceName, RouteTarget, Vni, type VrfId } from '#engines/kernel';
import { eviOf, type Member, rdOf, type VrfNames } from './lift-networks.js';
import type { SeenVrf } from './seen-device.js';

interface Place extends Member {
  readonly seen: SeenVrf;
}

export interface LiftedVrfs {
  readonly vrfs: readonly VrfFacts[];
  readonly routeDistinguishers: readonly RdFacts[];
}

/** Those that could be VRFs of the fabric. */
export function vrfNames(members: readonly Member[]): VrfNames {
  const vnis = new Map<string, Set<number>>();
  for (const { name, l3vni } of members.flatMap(({ device }) => device.vrfs)) vnis.set(name, (vnis.get(name) ?? new Set()).add(l3vni));
  return new Map(
    [...vnis]
      .filter(([name, of]) => of.size === 1 && isDeviceName(name) && [...of].every((vni) => vni <= Vni.max))
      .map(([name]) => [name, `vrf-${name}` as VrfId]),
  );
}

/** A VRF in which no network has a gateway stays with its devices. */
export function liftVrfs(
  members: readonly Member[],
  names: VrfNames,
  networks: readonly NetworkFacts[],
  rtAdministrator: number,
  used: Set<number>,
): LiftedVrfs {
  const inUse = new Set(networks.map(({ vrfId }) => vrfId));
  const lifted = [...names]
    .filter(([, id]) => inUse.has(id))
    .map(([name, id]) => {
      const places = members.flatMap((member): readonly Place[] =>
        member.device.vrfs.filter((vrf) => vrf.name === name).map((seen) => ({ ...member, seen })),
      );
      const l3vni = places[0]?.seen.l3vni ?? 1;
      const targets = (of: (seen: SeenVrf) => readonly RouteTarget[]): readonly RouteTarget[] => {
        const said = [...new Set(places.flatMap(({ seen }) => of(seen)))].sort(compareNatural);
        return said.length > 0 ? said : [RouteTarget.of(rtAdministrator, l3vni)];
      };
      const vrf: VrfFacts = {
        id,
        deviceName: name,
        l3vni: Vni.parse(l3vni),
        eviId: eviOf(l3vni, places, used),
        importTargets: targets(({ importTargets }) => importTargets),
        exportTargets: targets(({ exportTargets }) => exportTargets),
      };
      return { vrf, routeDistinguishers: places.map((place) => rdOf(vrf, place)) };
    });
  return { vrfs: lifted.map(({ vrf }) => vrf), routeDistinguishers: lifted.flatMap(({ routeDistinguishers }) => routeDistinguishers) };
}

function isDeviceName(name: string): boolean {
  try {
    return DeviceName.parse(name) !== '';
  } catch {
    return false; // EOS takes longer names than kernels do: the VRF stays with its switch
  }
}
