import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { AddressingService } from './addressing.service.js';
import { NetworkSubnetsResolver, SubnetAddressesResolver } from './api/subnet.resolver.js';
import { PrefixStore } from './store/prefix.store.js';
import { SubnetStore } from './store/subnet.store.js';

@Module({
  imports: [AccessModule],
  providers: [PrefixStore, SubnetStore, AddressingService, NetworkSubnetsResolver, SubnetAddressesResolver],
  exports: [AddressingService],
})
export class AddressingModule {}
