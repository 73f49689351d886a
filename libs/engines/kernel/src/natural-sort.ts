/** `Ethernet2` before `Ethernet10`: runs of digits compare as numbers, all else by code point (no locale). */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    const numeric = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0;
    return numeric || (x < y ? -1 : 1);
  }
  return left.length - right.length;
}
