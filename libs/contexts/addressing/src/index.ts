export { GatewayModeEnum } from './api/subnet.object.js';
export { AddressingModule } from './addressing.module.js';
export { AddressingService, type NewAddress, type NewSubnet } from './addressing.service.js';
export { addressingEntities } from './store/addressing.entity.js';
export type { PrefixPool } from './domain/prefix-pool.js';
export type { GatewayMode, IpAddress, NamedAddress, Subnet } from './domain/subnet.js';
