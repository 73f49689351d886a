import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InvariantRegistry } from '#contexts/events';
import { addressInvariants } from './address-invariants.js';
import { nameInvariants } from './name-invariants.js';
import { prefixInvariants } from './prefix-invariants.js';

@Injectable()
export class AddressingInvariants implements OnModuleInit {
  constructor(private readonly registry: InvariantRegistry) {}

  onModuleInit(): void {
    this.registry.add(...prefixInvariants, ...addressInvariants, ...nameInvariants);
  }
}
