import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { TenancyModule } from '#contexts/tenancy';
import { AddressDesk } from './address-desk.js';
import { AddressTaker } from './address-taker.js';
import { CatalogueDesk } from './catalogue-desk.js';
import { FacadeService } from './facade.service.js';
import { NetBoxDoor } from './netbox-door.js';
import { PrefixDesk } from './prefix-desk.js';
import { RangeDesk } from './range-desk.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';
import { StationStore } from './store/station.store.js';

@Module({
  imports: [AccessModule, EventsModule, TenancyModule, AddressingModule],
  providers: [
    FacadeStore,
    StationStore,
    FacadeService,
    RealmService,
    PrefixDesk,
    AddressTaker,
    AddressDesk,
    RangeDesk,
    CatalogueDesk,
    NetBoxDoor,
  ],
  exports: [FacadeService, NetBoxDoor],
})
export class FacadeModule {}
