import type { Target } from '#engines/reconcile';
import type { RrsetValue } from './rrset.js';

/** A name server whose zones can be read and written. */
export interface DnsZones {
  /**
   * The owned record sets of one zone; nothing is read or created by this call. A zone that does not exist is an error of `read` and
   * `apply` (`ZONE_MISSING`). There must be one writer per zone: PowerDNS has no conflict detection and duplicates records otherwise.
   * @param knownKeys keys that may be ours, for a zone too large to be read at once: wanted now or written before.
   */
  zone(name: string, knownKeys?: readonly string[]): Target<RrsetValue>;
}
