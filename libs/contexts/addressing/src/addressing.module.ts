import { Module } from '@nestjs/common';
import { AddressingService } from './addressing.service.js';
import { PrefixStore } from './store/prefix.store.js';
import { SubnetStore } from './store/subnet.store.js';

@Module({ providers: [PrefixStore, SubnetStore, AddressingService], exports: [AddressingService] })
export class AddressingModule {}
