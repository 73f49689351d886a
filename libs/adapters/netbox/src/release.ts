import { NetBoxError } from './netbox-error.js';

const ACCEPTED = '4.2 to 4.7, and later releases of 4';

/** What a release of NetBox can do, as far as a client has to know. */
export class NetBoxRelease {
  /** Tags of a release as `GET /api/status/` says it: `4.6.8`, `4.7.0-beta1`, `4.5.10-Docker-3.4`. @throws NETBOX_RELEASE with what is accepted. */
  static parse(version: string): NetBoxRelease {
    const match = /^v?(\d+)\.(\d+)/.exec(version);
    const [major, minor] = [Number(match?.[1]), Number(match?.[2])];
    if (match && major === 4 && minor >= 2) return new NetBoxRelease(version, minor);
    const words = `release ${version.slice(0, 40)} is not spoken; accepted: ${ACCEPTED}`;
    throw new NetBoxError('NETBOX_RELEASE', { call: 'GET /api/status/', words, retriable: false });
  }

  private constructor(
    readonly version: string,
    private readonly minor: number,
  ) {}

  /** As the header `API-Version` says it. */
  get api(): string {
    return `4.${this.minor}`;
  }

  /** @param since minor of a release 4: 6 for 4.6. */
  has(since: number): boolean {
    return this.minor >= since;
  }

  /** ETag and If-Match, on lists too. */
  get hasPreconditions(): boolean {
    return this.has(6);
  }

  /** `start`, which goes on at an id and counts nothing. */
  get hasCursor(): boolean {
    return this.has(6);
  }

  /** `add_tags` and `remove_tags`; before, a list of tags replaces all. */
  get hasTagChanges(): boolean {
    return this.has(6);
  }

  get hasChangeMessages(): boolean {
    return this.has(4);
  }
}
