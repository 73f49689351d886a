/** Each was compared with the pdns_server (gsqlite3) of that release [measured]. */
export const SIMULATED_RELEASES = ['4.7.3', '4.9.17', '5.1.5'] as const;
export type SimulatedRelease = (typeof SIMULATED_RELEASES)[number];

/** What differs between releases in what Trame uses; every text is the server's own. */
export interface ReleaseRules {
  /** Changes of single records (EXTEND, PRUNE): since 4.9.12 and 5.0.2. */
  readonly hasRecordChanges: boolean;
  /** Such a change is refused where its TTL is another than that of the rest, or the type has one record only. Otherwise the set then has two TTLs and the lower is said. */
  readonly looksAtTheRestOfTheSet: boolean;
  /** A TTL below 0 or above 2³¹-1 is refused; otherwise it is taken as an unsigned number. */
  readonly hasTtlBounds: boolean;
  /** Asked for one name, the comments of the whole zone are said as well, each as an empty set. */
  readonly saysAllComments: boolean;
  /** Errors are JSON also for who takes anything. */
  readonly saysJsonToAnyone: boolean;
  /** Before `Key 'ttl' …` of a set that is replaced. */
  readonly beforeKeys: string;
  readonly checkCommand: string;
  readonly unknownChangetype: (changetype: string) => string;
  readonly nonHostname: (label: string, content: string) => string;
  readonly twice: (label: string, content: string) => string;
  readonly severalOfOne: (label: string) => string;
}

const OF_4_7: ReleaseRules = {
  hasRecordChanges: false,
  looksAtTheRestOfTheSet: false,
  hasTtlBounds: false,
  saysAllComments: true,
  saysJsonToAnyone: false,
  beforeKeys: '',
  checkCommand: 'pdnsutil check-zone',
  unknownChangetype: () => 'Changetype not understood',
  nonHostname: (label, content) => `RRset ${label} non-hostname content ${content}`,
  twice: (label, content) => `Duplicate record in RRset ${label} with content "${content}"`,
  severalOfOne: (label) => `RRset ${label} has more than one record`,
};

const OF_4_9: ReleaseRules = {
  ...OF_4_7,
  hasRecordChanges: true,
  hasTtlBounds: true,
  saysAllComments: false,
  beforeKeys: 'New RRsets are invalid: ',
  unknownChangetype: (changetype) => `Changetype '${changetype}' is not a valid value`,
  nonHostname: (label, content) => `RRset ${label}: non-hostname content ${content}`,
};

const OF_5_1: ReleaseRules = {
  ...OF_4_9,
  looksAtTheRestOfTheSet: true,
  saysJsonToAnyone: true,
  checkCommand: 'pdnsutil zone check',
  twice: (label, content) => `RRset ${label}: duplicate record with content "${content}"`,
  severalOfOne: (label) => `RRset ${label}: only one such record allowed`,
};

export const RELEASE_RULES: Readonly<Record<SimulatedRelease, ReleaseRules>> = { '4.7.3': OF_4_7, '4.9.17': OF_4_9, '5.1.5': OF_5_1 };
