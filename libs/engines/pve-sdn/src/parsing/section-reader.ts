/**
 * Takes the properties out of one section, each with its form, and refuses what nobody asked for. Proxmox writes the same value
 * in several ways (`1`, `true`, a number; a list as `a,b` or as an array): all of them are read.
 */
import { DomainError, invalidValue } from '#engines/kernel';
import { type Prefix, type WrittenIp, writtenIp, writtenPrefix } from '../model/written.js';
import type { Section } from './section-config.js';

const BOOLEANS = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ['1', true],
  ['0', false],
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
]);

export interface Form {
  readonly pattern: RegExp;
  readonly accepted: string;
}

export class SectionReader {
  private readonly asked = new Set<string>();
  /** `zone red`: how errors name the section. */
  readonly name: string;

  constructor(
    kind: string,
    private readonly section: Section,
  ) {
    this.name = `${kind} ${/^[\w.:/-]{1,64}$/.test(section.id) ? section.id : '?'}`;
  }

  has(key: string): boolean {
    return this.value(key) !== null;
  }

  text(key: string, form: Form): string | null {
    const value = this.value(key);
    return value === null ? null : this.formed(key, typeof value === 'number' ? String(value) : value, form);
  }

  integer(key: string, min: number, max: number): number | null {
    const value = this.value(key);
    if (value === null) return null;
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
    throw this.refused(key, value, `an integer from ${min} to ${max}`);
  }

  flag(key: string): boolean {
    const value = this.value(key);
    if (value === null) return false;
    const flag = BOOLEANS.get(value);
    if (flag === undefined) throw this.refused(key, value, '1 or 0');
    return flag;
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T | null {
    const value = this.value(key);
    if (value === null) return null;
    const choice = choices.find((one) => one === value);
    if (choice === undefined) throw this.refused(key, value, choices.join(' or '));
    return choice;
  }

  ip(key: string): WrittenIp | null {
    const value = this.value(key);
    return value === null ? null : writtenIp(`${this.name}: ${key}`, value);
  }

  prefix(key: string): Prefix | null {
    const value = this.value(key);
    return value === null ? null : writtenPrefix(`${this.name}: ${key}`, value);
  }

  /** Empty where the key is missing. */
  texts(key: string, form: Form): readonly string[] {
    return this.items(key).map((item) => this.formed(key, item, form));
  }

  ips(key: string): readonly WrittenIp[] {
    return this.items(key).map((item) => writtenIp(`${this.name}: ${key}`, item));
  }

  /** Property strings (`name=ens19,hello_multiplier=5`), or the objects they stand for: each read like a section. */
  parts<T>(key: string, read: (part: SectionReader) => T): readonly T[] {
    const value = this.value(key);
    return (value === null ? [] : Array.isArray(value) ? value : [value]).map((item: unknown) => {
      const part = new SectionReader(`${this.name}:`, { type: '', id: key, properties: this.properties(key, item) });
      const result = read(part);
      part.finish();
      return result;
    });
  }

  required<T>(key: string, value: T | null): T {
    if (value === null) throw this.refused(key, 'nothing', `${key} has to be given`);
    return value;
  }

  refused(key: string, value: unknown, accepted: string): DomainError<'INVALID_VALUE'> {
    return invalidValue(`${this.name}: ${key}`, value, accepted);
  }

  /** @throws DomainError INVALID_VALUE for a property that this type of section does not have. */
  finish(): void {
    const stranger = Object.keys(this.section.properties).find((key) => !this.asked.has(key));
    if (stranger !== undefined) throw invalidValue(`${this.name}: property`, stranger, `one of ${[...this.asked].sort().join(', ')}`);
  }

  private value(key: string): unknown {
    this.asked.add(key);
    const value = Object.hasOwn(this.section.properties, key) ? this.section.properties[key] : null;
    return value === undefined || value === '' ? null : value;
  }

  private items(key: string): readonly unknown[] {
    const value = this.value(key);
    if (value === null) return [];
    const given: readonly unknown[] = Array.isArray(value) ? value : [value];
    return given.flatMap((item) => (typeof item === 'string' ? item.split(/[\s,;]+/).filter((word) => word !== '') : [item]));
  }

  private formed(key: string, value: unknown, { pattern, accepted }: Form): string {
    if (typeof value !== 'string' || !pattern.test(value)) throw this.refused(key, value, accepted);
    return value;
  }

  private properties(key: string, item: unknown): Record<string, unknown> {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as Record<string, unknown>;
    if (typeof item !== 'string') throw this.refused(key, item, 'key=value,key=value');
    return Object.fromEntries(
      item.split(',').map((pair) => {
        const [, name = '', value = ''] = /^\s*([\w-]+)=(.*?)\s*$/.exec(pair) ?? [];
        if (name === '') throw this.refused(key, item, 'key=value,key=value');
        return [name, value];
      }),
    );
  }
}
