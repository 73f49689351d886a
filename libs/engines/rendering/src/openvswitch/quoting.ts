/** Values for ovs-vsctl inside of interfaces(5), where each place has another reader in front of it. */

/**
 * Who reads the value before ovs-vsctl does. SHELL: ifupdown2 gives the line to a shell's word splitting, so quotes need quotes.
 * WORDS: ifupdown's hook splits at blanks and takes no quotes away. EVAL: its `ovs_extra` goes through eval in double quotes first.
 */
export type Reader = 'SHELL' | 'WORDS' | 'EVAL';
export type Value = string | number | boolean | readonly (string | number)[];

/** `column=value`, with every value that is more than a word as a JSON string. */
export function assignment(reader: Reader, column: string, value: Value): string {
  const atoms = Array.isArray(value) ? (value as readonly (string | number)[]) : [value as string | number | boolean];
  return `${column}=${atoms.map((atom) => quoted(reader, String(atom))).join(',')}`;
}

function quoted(reader: Reader, atom: string): string {
  if (/^@?[A-Za-z0-9_.-]+$/.test(atom)) return atom;
  const json = JSON.stringify(atom);
  if (reader === 'SHELL') return `'${json}'`;
  return reader === 'EVAL' ? json.replace(/[\\"$`]/g, '\\$&') : json;
}
