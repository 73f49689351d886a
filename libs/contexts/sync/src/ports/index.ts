export type { DnsZones, ServedRrset, ZonePolicy, ZoneTarget } from './dns-zones.js';
export type { RrsetValue } from './rrset.js';
export type {
  ForeignCapabilities,
  ForeignChanges,
  ForeignInventory,
  ForeignObject,
  ForeignPage,
  ForeignWrite,
  WriteOutcome,
} from './foreign-inventory.js';
export { type InventoryKind, INVENTORY_KINDS, NATURAL_KEY } from '../inventory/kinds.js';
export { type NetBoxSettings, parseNetBoxSettings } from './netbox-settings.js';
export { parsePhpIpamSettings, type PhpIpamSettings } from './phpipam-settings.js';
