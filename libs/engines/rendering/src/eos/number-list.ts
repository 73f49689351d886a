/** Of VLANs. `10,20,30-32`: sorted and compact, as EOS prints a list. */
export function numberList(numbers: readonly number[] | Uint16Array): string {
  const ranges: [number, number][] = [];
  for (const number of Uint16Array.from(numbers).sort()) {
    const last = ranges.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
