import { ContextInventory } from './context-inventory.js';
import { ImportPasses } from './import/import-passes.js';
import { ImportedPools } from './import/imported-pools.js';
import { InventoryImport } from './import/inventory-import.js';
import { TakeAddresses } from './import/take-addresses.js';
import { TakePrefixes } from './import/take-prefixes.js';
import { TakeTenancy } from './import/take-tenancy.js';
import { SyncJournal } from './sync-journal.js';

/** What Trame has, what of it changed, and the way in for what another inventory has. They ask tenancy, addressing, numbering, fabric and events. */
export const inventoryProviders = [
  ContextInventory,
  SyncJournal,
  ImportedPools,
  TakeTenancy,
  TakePrefixes,
  TakeAddresses,
  ImportPasses,
  InventoryImport,
];
