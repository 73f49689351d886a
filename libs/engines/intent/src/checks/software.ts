/**
 * Releases. What a release cannot do is an ERROR with the way out. What is not known of a release is asked for only where a release that
 * is still shipped would fail without a word: Debian 12 has FRR 8.4 and libvirt 9.0, Debian 13 has FRR 10.3.
 */

/** `10.3.1` → [10, 3, 1]; null where nothing is said, or nothing that begins like a release. */
export type Release = readonly [major: number, minor: number, patch: number];

export function releaseOf(text: string | undefined): Release | null {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '');
  return match && [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

export function isBefore(release: Release, wanted: Release): boolean {
  const differing = release.findIndex((part, i) => part !== wanted[i]);
  return differing >= 0 && (release[differing] ?? 0) < (wanted[differing] ?? 0);
}
