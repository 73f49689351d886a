/** The stanzas of interfaces.d/sdn while they are gathered: the first who writes an interface wins, as with Proxmox. */
import { invalidValue } from '#engines/kernel';
import { LONGEST_INTERFACE_NAME } from '../model/limits.js';

/** An option line without its indentation; null and false are left out. */
export type Option = string | readonly Option[] | null | false;

export class Stanzas {
  private readonly options = new Map<string, string[]>();

  claim(name: string, ...options: readonly Option[]): void {
    const checked = interfaceName(name);
    if (!this.options.has(checked)) this.options.set(checked, flat(options));
  }

  /** Another line in the stanza of an interface that several vnets share (an OVS bridge). */
  append(name: string, option: string): void {
    const before = this.options.get(interfaceName(name)) ?? [];
    if (!before.includes(option)) this.options.set(name, [...before, option]);
  }

  /** One more word on the one line of that key. */
  appendWord(name: string, key: string, word: string): void {
    const before = this.options.get(interfaceName(name)) ?? [];
    const line = before.find((option) => option.startsWith(`${key} `));
    if (line === undefined) this.options.set(name, [...before, `${key} ${word}`]);
    else if (!line.split(' ').includes(word))
      this.options.set(
        name,
        before.map((option) => (option === line ? `${line} ${word}` : option)),
      );
  }

  /** Names and options in byte order of the names. */
  sorted(): readonly (readonly [string, readonly string[]])[] {
    return [...this.options].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** @throws DomainError INVALID_VALUE for a name that the kernel has no room for. */
export function interfaceName(name: string): string {
  if (name.length <= LONGEST_INTERFACE_NAME) return name;
  throw invalidValue(
    'interface',
    name,
    `at most ${LONGEST_INTERFACE_NAME} characters: a shorter bridge, port, zone or vnet gives a shorter name`,
  );
}

const flat = (options: readonly Option[]): string[] =>
  options.flatMap((option) => (option === null || option === false ? [] : typeof option === 'string' ? [option] : flat(option)));
