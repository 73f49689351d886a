import { Injectable } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { NetworkCheckService, PlaceService } from '#contexts/fabric';
import { type Network, TenancyService } from '#contexts/tenancy';
import type { DeviceId, Fqdn } from '#engines/kernel';
import type { Tx } from '#platform';
import type { KeptRows } from './domain/order.js';

/** A network in a drawer: what it had when it was retired, and back out of it while its numbers rest. */
@Injectable()
export class NetworkKeepsake {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly addressing: AddressingService,
    private readonly places: PlaceService,
    private readonly checks: NetworkCheckService,
  ) {}

  /** Before anything of it is forgotten. */
  async of(tx: Tx, network: Network): Promise<KeptRows> {
    return {
      network: await this.tenancy.keep(tx, network),
      places: await this.places.keepPlaces(tx, network.id),
      subnets: await this.addressing.keepNetwork(tx, network.id),
      deviceIds: await this.devices(tx, network),
    };
  }

  /**
   * Numbers, VLANs, places, prefixes and addresses, all or nothing, and the names that are not somebody else's by now. @returns the names that are.
   * @throws DomainError, or a violated constraint, of what is not to be had again.
   */
  async bringBack(tx: Tx, network: Network, kept: KeptRows): Promise<readonly Fqdn[]> {
    await this.tenancy.revive(tx, network.id, kept.network);
    const without = await this.addressing.restoreNetwork(tx, kept.subnets);
    await this.places.restorePlaces(tx, kept.places);
    await this.checks.check(tx, network);
    return without;
  }

  /** Where it comes out. */
  async devices(tx: Tx, network: Network): Promise<DeviceId[]> {
    return [...new Set((await this.places.attachmentsOf(tx, [network.id])).map(({ deviceId }) => deviceId))].sort();
  }
}
