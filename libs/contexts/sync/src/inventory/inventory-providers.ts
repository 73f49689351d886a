import { ContextInventory } from './context-inventory.js';
import { ImportDesk } from './import/import-desk.js';
import { ImportPlanner } from './import/import-planner.js';
import { ImportPasses } from './import/import-passes.js';
import { ImportRunner } from './import/import-runner.js';
import { ImportStore } from './import/import.store.js';
import { ImportedPools } from './import/imported-pools.js';
import { ImportedSpaces } from './import/imported-spaces.js';
import { InventoryImport } from './import/inventory-import.js';
import { TakeAddresses } from './import/take-addresses.js';
import { TakePrefixes } from './import/take-prefixes.js';
import { TakeTenancy } from './import/take-tenancy.js';
import { SyncJournal } from './sync-journal.js';

/** The way in for what another inventory has. They ask tenancy, addressing, numbering, fabric and events. */
export const takingProviders = [
  ContextInventory,
  ImportedPools,
  ImportedSpaces,
  TakeTenancy,
  TakePrefixes,
  TakeAddresses,
  ImportPasses,
  InventoryImport,
];

/** The same, with what Trame has, what of it changed, and those who ask for an import and carry it out. */
export const inventoryProviders = [...takingProviders, SyncJournal, ImportStore, ImportDesk, ImportPlanner, ImportRunner];
