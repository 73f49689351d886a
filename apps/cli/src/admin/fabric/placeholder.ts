/** What no configuration says of a device stands in a written document as a sentence for a person, and is refused until somebody has filled it in. */
const MARK = 'FILL IN: ';

export const placeholder = (what: string): string => `${MARK}${what}`;

/** Where they stand, each with its sentence: `devices.0.username: fill in the name with which …`. */
export function placeholdersIn(json: unknown, path = ''): readonly string[] {
  if (typeof json === 'string') return json.startsWith(MARK) ? [`${path}: fill in ${json.slice(MARK.length)}`] : [];
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) => placeholdersIn(value, path === '' ? key : `${path}.${key}`));
}
