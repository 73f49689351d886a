import { Injectable } from '@nestjs/common';
import type { Tagging } from '#engines/intent';
import {
  type DeviceId,
  DomainError,
  type EviId,
  type NetworkId,
  notFound,
  type PoolId,
  type PortName,
  type RouteDistinguisher,
  type TenantId,
  type VlanDomainId,
  type VrfId,
} from '#engines/kernel';
import { type ClaimedNumber, NumberingService } from '#contexts/numbering';
import type { Network } from '#contexts/tenancy';
import { newId, type Tx, violatedConstraint } from '#platform';
import type { Attachment, AttachPoint, KeptPlaces } from './domain/attachment.js';
import { AttachmentStore } from './store/attachment.store.js';

/** Where an order wants its network. */
export interface WantedAttachment {
  readonly deviceId: DeviceId;
  readonly port: PortName | null;
  readonly tagging: Tagging;
  /** This VLAN or none; only where the device's VLAN domain gives VLANs. */
  readonly vlan: number | null;
}

/** What has to be claimed before a network can be attached to these places. */
export interface VlanNeed {
  readonly vlanDomainId: VlanDomainId;
  readonly poolId: PoolId;
  readonly prefer: number | null;
}

/** Where networks are: ports, VLANs of domains, route distinguishers. */
@Injectable()
export class PlaceService {
  constructor(
    private readonly attachments: AttachmentStore,
    private readonly numbering: NumberingService,
  ) {}

  /** @throws DomainError NOT_FOUND | INVALID_STATE (only observed, or no VTEP) | INVALID_VALUE (no such place, or the devices are of two fabrics). */
  async attachPoints(tx: Tx, wanted: readonly WantedAttachment[]): Promise<ReadonlyMap<DeviceId, AttachPoint>> {
    const points = new Map(
      (
        await this.attachments.points(
          tx,
          wanted.map((w) => w.deviceId),
        )
      ).map((point) => [point.deviceId, point]),
    );
    for (const [index, place] of wanted.entries()) {
      const point = points.get(place.deviceId);
      if (!point) throw notFound('device', place.deviceId);
      if (point.managed === 'OBSERVE' || point.vtepId === null) {
        throw new DomainError('INVALID_STATE', `${point.slug} carries no networks: it is only observed, or it has no VTEP`, {
          device: point.slug,
        });
      }
      refuseImpossible(place, point, ['attachments', String(index)]);
    }
    if (new Set([...points.values()].map((point) => point.fabricId)).size > 1) {
      throw new DomainError('INVALID_VALUE', 'the attachments are in two fabrics; a network belongs to one', {
        devices: [...points.values()].map((point) => point.slug),
      });
    }
    return points;
  }

  /** One VLAN per VLAN domain that the network comes to. */
  async vlanNeeds(tx: Tx, points: ReadonlyMap<DeviceId, AttachPoint>, wanted: readonly WantedAttachment[]): Promise<VlanNeed[]> {
    const needs = new Map<VlanDomainId, VlanNeed>();
    for (const place of wanted) {
      const point = points.get(place.deviceId);
      if (!point?.vlanDomainId) continue;
      const known = needs.get(point.vlanDomainId);
      if (known?.prefer && place.vlan !== null && known.prefer !== place.vlan) {
        throw new DomainError(
          'INVALID_VALUE',
          `a network has one VLAN in a VLAN domain; the order asks for ${known.prefer} and ${place.vlan}`,
          { vlans: [known.prefer, place.vlan] },
        );
      }
      needs.set(point.vlanDomainId, {
        vlanDomainId: point.vlanDomainId,
        poolId: known?.poolId ?? (await this.numbering.poolOf(tx, point.fabricId, 'VLAN', point.vlanDomainId)),
        prefer: known?.prefer ?? place.vlan,
      });
    }
    return [...needs.values()];
  }

  /** @throws DomainError NOT_FOUND (port) | IN_USE (another untagged network on the port) | ALREADY_EXISTS (the same place twice). */
  async attach(
    tx: Tx,
    network: Network,
    points: ReadonlyMap<DeviceId, AttachPoint>,
    wanted: readonly WantedAttachment[],
    vlans: ReadonlyMap<VlanDomainId, ClaimedNumber>,
  ): Promise<void> {
    for (const [vlanDomainId, vlan] of vlans) {
      await this.attachments.mapVlan(tx, {
        tenantId: network.tenantId,
        networkId: network.id,
        vlanDomainId,
        vlanAllocationId: vlan.allocationId,
        vlan: vlan.value,
      });
    }
    for (const place of wanted) await this.attachOne(tx, network, points.get(place.deviceId) as AttachPoint, place);
    for (const point of points.values()) await this.assignRds(tx, network, point);
  }

  private async attachOne(tx: Tx, network: Network, point: AttachPoint, place: WantedAttachment): Promise<void> {
    const portId = place.port === null ? null : await this.attachments.edgePort(tx, place.deviceId, place.port);
    if (portId === undefined) {
      const allowed = await this.attachments.edgePortNames(tx, place.deviceId);
      throw new DomainError('NOT_FOUND', `${point.slug} has no port ${place.port} for customers`, {
        kind: 'port',
        id: place.port,
        allowed,
      });
    }
    try {
      await this.attachments.insert(tx, {
        id: newId(),
        tenantId: network.tenantId,
        networkId: network.id,
        deviceId: place.deviceId,
        portId,
        tagging: place.tagging,
      });
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'attachment_port_one_tenant') {
        throw new DomainError(
          'IN_USE',
          `${point.slug} ${place.port} is in use`,
          { device: point.slug, port: place.port },
          { cause: error },
        );
      }
      if (constraint === 'attachment_untagged_unique') {
        throw new DomainError(
          'IN_USE',
          `${point.slug} ${place.port} carries another untagged network`,
          { device: point.slug, port: place.port },
          { cause: error },
        );
      }
      if (constraint === 'attachment_place_unique') {
        throw new DomainError(
          'ALREADY_EXISTS',
          `the order names ${point.slug} ${place.port ?? ''} twice`,
          { device: point.slug, port: place.port },
          { cause: error },
        );
      }
      throw error;
    }
  }

  private async assignRds(tx: Tx, network: Network, point: AttachPoint): Promise<void> {
    if (!point.vtepId || !point.vtepAddress) return;
    const vtep = { tenantId: network.tenantId, vtepId: point.vtepId, vtepAddress: point.vtepAddress };
    await this.attachments.assignRd(tx, { ...vtep, eviId: network.eviId as EviId, networkId: network.id, vrfId: null });
    if (network.vrfId === null) return;
    const vrf = await tx.one<{ id: VrfId; evi_id: EviId }>('SELECT id, evi_id FROM vrf WHERE id = $1', [network.vrfId]);
    if (vrf) await this.attachments.assignRd(tx, { ...vtep, eviId: vrf.evi_id, networkId: null, vrfId: vrf.id });
  }

  /**
   * Where a network is already, and under which RDs: nothing is asked of the devices, and nobody would see what that changes on one that Trame
   * writes to. @throws DomainError as `attach`; INVALID_STATE (a device that is not only observed).
   */
  async adoptPlaces(
    tx: Tx,
    network: Network,
    places: readonly Omit<WantedAttachment, 'vlan'>[],
    vlans: ReadonlyMap<VlanDomainId, ClaimedNumber>,
  ): Promise<void> {
    for (const [vlanDomainId, { allocationId, value }] of vlans) {
      const { tenantId, id: networkId } = network;
      await this.attachments.mapVlan(tx, { tenantId, networkId, vlanDomainId, vlanAllocationId: allocationId, vlan: value });
    }
    const found = await this.attachments.points(
      tx,
      places.map(({ deviceId }) => deviceId),
    );
    const points = new Map(found.map((point) => [point.deviceId, point]));
    for (const place of places) {
      const point = points.get(place.deviceId);
      if (!point) throw notFound('device', place.deviceId);
      refuseManaged(point);
      await this.attachOne(tx, network, point, { ...place, vlan: null });
    }
  }

  /** RDs as devices have them. @throws DomainError INVALID_STATE (a device without VTEP, or one that is not only observed) | ALREADY_EXISTS (another's). */
  async adoptRds(
    tx: Tx,
    of: { readonly tenantId: TenantId; readonly eviId: EviId; readonly networkId: NetworkId | null; readonly vrfId: VrfId | null },
    distinguishers: readonly { readonly deviceId: DeviceId; readonly rd: RouteDistinguisher }[],
  ): Promise<void> {
    for (const { deviceId, rd } of distinguishers) {
      const [point] = await this.attachments.points(tx, [deviceId]);
      if (!point?.vtepId)
        throw new DomainError('INVALID_STATE', `${point?.slug ?? deviceId} has no VTEP and so no route distinguisher`, {
          state: 'NO_VTEP',
          allowedStates: ['a device with vtep'],
        });
      refuseManaged(point);
      try {
        await this.attachments.insertRd(tx, { ...of, vtepId: point.vtepId, rd });
      } catch (error) {
        if (!violatedConstraint(error)?.startsWith('route_distinguisher_')) throw error;
        throw new DomainError('ALREADY_EXISTS', `the route distinguisher ${rd} of ${point.slug} is another's`, { rd }, { cause: error });
      }
    }
  }

  attachmentsOf(tx: Tx, networkIds: readonly NetworkId[]): Promise<Attachment[]> {
    return this.attachments.ofNetworks(tx, networkIds);
  }

  /** Removes every trace of where the network was. `live` says whether devices ever carried it: then its VLANs rest in quarantine. */
  async detachAll(tx: Tx, networkId: NetworkId, live: boolean): Promise<void> {
    const vlanAllocations = await this.attachments.deleteOfNetwork(tx, networkId);
    await (live ? this.numbering.quarantine(tx, vlanAllocations) : this.numbering.free(tx, vlanAllocations));
  }

  /** What `detachAll` forgets. */
  keepPlaces(tx: Tx, networkId: NetworkId): Promise<KeptPlaces> {
    return this.attachments.asRows(tx, networkId);
  }

  /** The same ports, VLANs and route distinguishers. @throws DomainError of a VLAN that is not to be had; a violated constraint where a place is taken. */
  async restorePlaces(tx: Tx, kept: KeptPlaces): Promise<void> {
    await this.numbering.recall(tx, new Map(kept.vlanAllocations.map((id) => [id, 'vlan_mapping'])));
    await this.attachments.insertRows(tx, kept);
  }
}

/** What a device is said to carry already would be pushed to it, where it does not. */
function refuseManaged({ slug, managed }: AttachPoint): void {
  if (managed === 'OBSERVE') return;
  throw new DomainError(
    'INVALID_STATE',
    `Trame writes to ${slug} already: order the network, or have the device only observed while it is adopted (trame fabric manage ${slug} --mode OBSERVE)`,
    { state: managed, allowedStates: ['OBSERVE'] },
  );
}

/** A port is where tagging is; a VLAN is where its domain gives one. */
function refuseImpossible(place: WantedAttachment, point: AttachPoint, path: readonly string[]): void {
  const refuse = (field: string, message: string, accepted: string): never => {
    throw new DomainError('INVALID_VALUE', `${message}: ${accepted}`, { device: point.slug, accepted, path: [...path, field] });
  };
  if (place.tagging === 'BRIDGE_ONLY' && place.port !== null)
    refuse('port', `BRIDGE_ONLY on ${point.slug} has no port`, 'leave the port out, or take TAGGED or UNTAGGED');
  if (place.tagging !== 'BRIDGE_ONLY' && place.port === null)
    refuse('port', `${place.tagging} on ${point.slug} needs a port`, 'name a port, or take BRIDGE_ONLY');
  if (place.vlan !== null && point.vlanDomainId === null) refuse('vlan', `${point.slug} has no VLANs of its own`, 'leave the VLAN out');
}
