import type { Fqdn } from '#engines/kernel';
import type { ActualItem, Target } from '#engines/reconcile';
import type { RrsetValue } from './rrset.js';

/** How a zone is made that is not there. */
export interface ZonePolicy {
  /** At least one; the first is the primary of the SOA. */
  readonly nameservers: readonly Fqdn[];
  /** The mailbox as a name (RFC 1035 §3.3.13): `hostmaster.cust.example`. */
  readonly hostmaster: Fqdn;
  readonly kind: 'NATIVE' | 'PRIMARY';
  readonly soaEditApi: 'DEFAULT' | 'INCREASE' | 'EPOCH';
}

/** A record set as it stands there; `owned`: it carries the mark of this connector. */
export interface ServedRrset extends ActualItem<RrsetValue> {
  /** Whose mark it carries, where that is not ours; absent: ours, or nobody's. */
  readonly markedBy?: string;
}

/** One zone. `apply` also writes what carries a mark of before, if the plan says UPDATE, and marks it; it deletes nothing of that. */
export interface ZoneTarget extends Target<RrsetValue> {
  read(): Promise<readonly ServedRrset[]>;
}

/** A name server whose zones can be read and written. */
export interface DnsZones {
  /**
   * The owned record sets of one zone; nothing is read or created by this call. A zone that does not exist is an error of `read` and
   * `apply` (`ZONE_MISSING`). There must be one writer per zone: PowerDNS has no conflict detection and duplicates records otherwise.
   * @param knownKeys keys that may be ours, for a zone too large to be read at once: wanted now or written before.
   */
  zone(name: string, knownKeys?: readonly string[]): ZoneTarget;
  /** With SOA and NS and nothing else; a zone that is there meanwhile is left as it is. */
  createZone(name: string, policy: ZonePolicy): Promise<void>;
  /**
   * What the server at `address` answers over the DNS for a key `name/type`: canonical contents in natural order, none where it knows none.
   * @throws DNS_UNREACHABLE
   */
  ask(address: string, key: string): Promise<readonly string[]>;
}
