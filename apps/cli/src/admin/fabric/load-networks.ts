/** The part of a document that says what devices carry already: VRFs and networks become their tenants', each in a transaction of its own. */
import type { INestApplicationContext } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { OperatorAct, OperatorActs } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { type AdoptedNetwork, type AdoptedVrf, NetworkAdoptionService } from '#contexts/provisioning';
import { TenancyService } from '#contexts/tenancy';
import {
  type AddressSpaceId,
  type DeviceId,
  digest,
  DomainError,
  type FabricId,
  invalidValue,
  isDomainError,
  type NetworkId,
  type VlanDomainId,
  type VrfId,
} from '#engines/kernel';
import type { Tx } from '#platform';
import type { FabricDocument } from './fabric-document.js';

/** Runs one step, in the transaction of all or in one of its own. */
export type Step = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

interface Places {
  readonly devices: ReadonlyMap<string, DeviceId>;
  readonly vlanDomains: ReadonlyMap<string, VlanDomainId>;
  readonly spaces: ReadonlyMap<string, AddressSpaceId>;
}

/** @throws DomainError of the first that is refused, with its name; those before it are kept where each step is kept. */
export async function adoptNetworks(app: INestApplicationContext, step: Step, document: FabricDocument, fabricId: FabricId): Promise<void> {
  if (document.networks.length + document.vrfs.length === 0) return;
  const [acts, adoption] = [app.get(OperatorActs, { strict: false }), app.get(NetworkAdoptionService, { strict: false })];
  const places = await step(async (tx) => ({
    ...(await app.get(FabricService, { strict: false }).names(tx, fabricId)),
    spaces: await app.get(AddressingService, { strict: false }).spaces(tx, fabricId),
  }));
  const tenancy = app.get(TenancyService, { strict: false });
  const once = <Id extends VrfId | NetworkId>(kind: 'vrf' | 'network', said: Slugs, work: (tx: Tx) => Promise<Id>): Promise<Id> =>
    named(`${kind} ${said.slug}`, () =>
      step(async (tx) => {
        for (let after: Id | null = null; ; ) {
          // Slugs are a tenant's own.
          const key = digest([said.tenant, said.slug, after]);
          const act = OperatorAct.of(`fabric-load/${fabricId}/${kind}/${key}`, 'adopt', said);
          const id: Id = await acts.once(tx, act, () => work(tx));
          if (act?.isReplayed !== true || (await isThere(tenancy, tx, kind, id))) return id;
          after = id; // It was loaded, and removed since: it is loaded again.
        }
      }),
    );
  const tenantOf = async (tx: Tx, slug: string) => (await tenancy.tenantBySlug(tx, slug)).id;
  const vrfs = new Map<string, VrfId>();
  for (const vrf of document.vrfs) {
    const work = async (tx: Tx): Promise<VrfId> => adoption.adoptVrf(tx, vrfOf(vrf, fabricId, await tenantOf(tx, vrf.tenant), places));
    vrfs.set(`${vrf.tenant} ${vrf.slug}`, await once('vrf', vrf, work));
  }
  for (const network of document.networks) {
    const vrfId = network.vrf === null ? null : known(vrfs, 'VRF of its tenant', `${network.tenant} ${network.vrf}`);
    await once('network', network, async (tx) =>
      adoption.adoptNetwork(tx, networkOf(network, fabricId, await tenantOf(tx, network.tenant), vrfId, places)),
    );
  }
  // Once: what a person has put on OBSERVE since stays there.
  await step(async (tx) => {
    for (const { slug, managed } of document.devices)
      if (managed === 'SECTION') {
        const act = OperatorAct.of(`fabric-load/${fabricId}/managed/${slug}`, 'manage', { slug, managed });
        const id = known(places.devices, 'device', slug);
        await acts.once(tx, act, () => app.get(FabricService, { strict: false }).manage(tx, id, managed));
      }
  });
}

interface Slugs {
  readonly tenant: string;
  readonly slug: string;
}

async function isThere(tenancy: TenancyService, tx: Tx, kind: 'vrf' | 'network', id: VrfId | NetworkId): Promise<boolean> {
  try {
    if (kind === 'vrf') return (await tenancy.vrf(tx, id as VrfId)).id === id;
    return (await tenancy.network(tx, id as NetworkId)).state !== 'RETIRED';
  } catch (error) {
    if (isDomainError(error) && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

type Said<K extends 'vrfs' | 'networks'> = FabricDocument[K][number];

function vrfOf(said: Said<'vrfs'>, fabricId: FabricId, tenantId: AdoptedVrf['tenantId'], { devices }: Places): AdoptedVrf {
  const { tenant: _tenant, evi, distinguishers, ...vrf } = said;
  return { ...vrf, fabricId, tenantId, eviId: evi, distinguishers: placed(distinguishers, devices) };
}

function networkOf(
  said: Said<'networks'>,
  fabricId: FabricId,
  tenantId: AdoptedNetwork['tenantId'],
  vrfId: VrfId | null,
  { devices, vlanDomains, spaces }: Places,
): AdoptedNetwork {
  const { slug, name, vni, evi, mtu, targets, distinguishers, vlans, subnets, places, tenant: _tenant, vrf: _vrf, ...facts } = said;
  return {
    fabricId,
    tenantId,
    vrfId,
    slug,
    name,
    vni,
    eviId: evi,
    mtu,
    targets,
    distinguishers: placed(distinguishers, devices),
    vlans: vlans.map(({ vlanDomain, vlan }) => ({ vlanDomainId: known(vlanDomains, 'vlanDomain', vlanDomain), vlan })),
    subnets: subnets.map(({ addressSpace, ...subnet }) => ({ ...subnet, spaceId: known(spaces, 'addressSpace', addressSpace) })),
    places: placed(places, devices),
    facts,
  };
}

const placed = <T extends { readonly device: string }>(list: readonly T[], devices: ReadonlyMap<string, DeviceId>) =>
  list.map(({ device, ...rest }) => ({ ...rest, deviceId: known(devices, 'device', device) }));

/** @throws DomainError INVALID_VALUE: says which names there are. */
export function known<T>(map: ReadonlyMap<string, T>, kind: string, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw invalidValue(kind, name, [...map.keys()].join(', ') || 'none: the document names no such thing');
  return found;
}

/** The refusal says of which part of the document. */
async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, `the ${what}: ${error.message}`, error.facts, { cause: error });
  }
}
