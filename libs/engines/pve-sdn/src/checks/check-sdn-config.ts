/** What the parts of a configuration ask of one another. What one part alone must look like is said where it is parsed. */
import type { SdnConfig } from '../model/sdn-config.js';
import { checkControllers } from './check-controllers.js';
import { checkFabrics } from './check-fabrics.js';
import { checkVnets } from './check-vnets.js';
import { checkZones } from './check-zones.js';

/** @throws DomainError INVALID_VALUE with the first thing that Proxmox refuses, or accepts although it cannot work. */
export function checkSdnConfig(config: SdnConfig): void {
  checkFabrics(config.fabrics);
  checkControllers(config);
  checkZones(config);
  checkVnets(config);
}
