export { PrefixExclusionInput, toPrefixStrategy } from './api/prefix-pool.input.js';
export { PrefixPoolObject, toPrefixPoolObject } from './api/prefix-pool.object.js';
export { PrefixObject, PrefixRoleEnum, toPrefixObject } from './api/prefix.object.js';
export { GatewayModeEnum, IpAddressObject, toIpAddressObject } from './api/subnet.object.js';
export { AddressAllocationService } from './address-allocation.service.js';
export { AddressingImporter } from './addressing-importer.service.js';
export { AddressingListing } from './addressing-listing.js';
export { AddressingModule } from './addressing.module.js';
export { AddressNamesService } from './address-names.service.js';
export { AddressingService, type NewAddress, type NewSubnet } from './addressing.service.js';
export { PrefixAllocationService } from './prefix-allocation.service.js';
export { type NewPrefixPool, PrefixPoolAdminService, type PrefixPoolChange } from './prefix-pool-admin.service.js';
export { PrefixTreeService } from './prefix-tree.service.js';
export { SubnetService, type SubnetToOpen } from './subnet.service.js';
export { addressingEntities } from './store/addressing.entity.js';
export type {
  AddressAllocation,
  AddressExtent,
  AddressHolderKind,
  AddressRequest,
  AdoptedAddress,
  AdoptedPrefix,
  Granted,
  ImportedAddress,
  ImportedPrefix,
  LeafRole,
  PrefixAllocation,
  PrefixHolderKind,
  PrefixRequest,
} from './domain/allocation.js';
export { PREFIX_STRATEGIES, type PrefixExclusion, type PrefixPool, type PrefixQuota, type PrefixStrategy } from './domain/prefix-pool.js';
export type {
  AddressRange,
  AddressRangeKind,
  AddressRole,
  GatewayMode,
  IpAddress,
  KeptSubnets,
  Subnet,
  SubnetDns,
} from './domain/subnet.js';
export type { NamedAddress, PublishedNames, WithheldName } from './domain/published-names.js';
export type { ListedAddress, ListedPrefix, ListedRange, RangeKey } from './store/addressing-listing.store.js';
export type { FreeBlocks } from './store/prefix-pool.store.js';
export type { PrefixNode, PrefixRole } from './store/prefix-tree.store.js';
export type { SubnetFill } from './store/subnet.store.js';
export { AddressLookup, type RefusedAddress } from './address-lookup.js';
export type {
  AddressQuestion,
  FoundAddress,
  FoundRange,
  RangeQuestion,
  Realm,
  StationAddress,
  SubnetQuestion,
} from './store/address-lookup.store.js';
