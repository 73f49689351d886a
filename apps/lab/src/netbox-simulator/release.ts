/** A release of NetBox, as far as its REST API differs. */
export const NETBOX_RELEASES = ['4.2', '4.4', '4.5', '4.6', '4.7'] as const;
export type NetBoxRelease = (typeof NETBOX_RELEASES)[number];

const FULL: Readonly<Record<NetBoxRelease, string>> = { '4.2': '4.2.9', '4.4': '4.4.10', '4.5': '4.5.10', '4.6': '4.6.8', '4.7': '4.7.3' };

/** Releases that an API field came with or went with. */
export interface Span {
  readonly since?: string;
  /** The first release that has it no more. */
  readonly until?: string;
}

export class Release {
  readonly full: string;

  constructor(readonly name: NetBoxRelease) {
    this.full = FULL[name];
  }

  isAtLeast(other: string): boolean {
    return number(this.name) >= number(other);
  }

  has({ since, until }: Span): boolean {
    return (since === undefined || this.isAtLeast(since)) && (until === undefined || !this.isAtLeast(until));
  }
}

const number = (release: string): number => {
  const [major = '0', minor = '0'] = release.split('.');
  return Number(major) * 100 + Number(minor);
};
