import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule } from '#contexts/events';
import { AddressSweeper } from './address-sweeper.js';
import { AddressingService } from './addressing.service.js';
import { NetworkSubnetsResolver, SubnetAddressesResolver } from './api/subnet.resolver.js';
import { PrefixStore } from './store/prefix.store.js';
import { SubnetStore } from './store/subnet.store.js';

@Module({
  imports: [AccessModule, EventsModule],
  providers: [PrefixStore, SubnetStore, AddressingService, NetworkSubnetsResolver, SubnetAddressesResolver, AddressSweeper],
  exports: [AddressingService],
})
export class AddressingModule {}
