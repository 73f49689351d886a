/** @param wanted `4.9` or `4.9.12`. */
export function isAtLeast(has: string, wanted: string): boolean {
  const [a, b] = [has, wanted].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  for (const [i, number] of (b ?? []).entries()) if (number !== a?.[i]) return (a?.[i] ?? 0) > number;
  return true;
}

/** EXTEND and PRUNE came with 4.9.12 and 5.0.2. */
export const knowsRecordChanges = (release: string): boolean => isAtLeast(release, release.startsWith('4.') ? '4.9.12' : '5.0.2');
