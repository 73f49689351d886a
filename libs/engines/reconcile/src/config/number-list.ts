/** Lists such as `10-12,20`, as switches print VLANs, VNIs and ports. */

export const NUMBER_LIST = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

/** No switch has more members in a list; what is longer, or runs backwards, is no list but a mistake, and stays as it is. */
const LONGEST = 4096;

/** `9-11,20` → 9, 10, 11, 20, in the order written: EOS pairs two lists by position. */
export function expandNumbers(list: string): readonly string[] {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    if (!part.includes('-') || last === undefined || last < first || last - first >= LONGEST) return [part];
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
  });
}

/** The opposite, sorted and compact. */
export function collapseNumbers(numbers: readonly string[]): string {
  const sorted = [...new Set(numbers.map(Number))].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (sorted[j + 1] === (sorted[j] as number) + 1) j += 1;
    parts.push(i === j ? String(sorted[i]) : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}
