/** As Python's `isoformat()` prints a time: without a fraction where it is zero. */
export function isoFormat(microseconds: number, zone: 'Z' | '+00:00'): string {
  const fraction = microseconds % 1_000_000;
  const seconds = new Date(Math.floor(microseconds / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}${zone}`;
}

/** Null: no time. */
export function parseTime(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6})\d*)?)?\s*(Z|[+ -]\d\d:?\d\d)?$/.exec(text.trim());
  if (!match) return null;
  const [, day, time = '00:00', fraction = '', zone = 'Z'] = match;
  // An unencoded plus in a query is a blank.
  const milliseconds = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${zone.replace(' ', '+')}`);
  return Number.isNaN(milliseconds) ? null : milliseconds * 1000 + Number(fraction.padEnd(6, '0'));
}
