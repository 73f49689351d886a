export {
  type ForeignCall,
  type ForeignEffect,
  type ForeignFault,
  InMemoryInventory,
  type InMemoryOptions,
} from './in-memory-inventory.js';
export { InMemoryLocal } from './in-memory-local.js';
export { Refusal } from './in-memory-rows.js';
export type { LocalInventory } from '../inventory/local-inventory.js';
export { idOfKey } from '../inventory/local-ids.js';
