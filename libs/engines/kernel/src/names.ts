import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';

/** 1…63 characters that are safe in EOS, FRR, interfaces(5), DNS, a shell and a file name. */
export type Slug = Brand<string, 'Slug'>;
/** ≤ 240 printable characters on one line, Unicode NFC. It never reaches a device unescaped. */
export type Label = Brand<string, 'Label'>;
/** Lower-case ASCII DNS name without the trailing dot (RFC 1123 §2.1), ≤ 253 octets. */
export type Fqdn = Brand<string, 'Fqdn'>;
/** Labels between the name of a host and its zone, `dmz` or `rack-7.dmz`: lower case, ≤ 190 octets, so that a name and a zone fit around them. */
export type ZonePrefix = Brand<string, 'ZonePrefix'>;
/** Name of a kernel interface: ≤ 15 octets (IFNAMSIZ − 1), no blanks, no slash. */
export type DeviceName = Brand<string, 'DeviceName'>;
/** What people write about a thing for people: 1 to 1000 characters, lines and tabs allowed. None is null, never an empty text. */
export type Description = Brand<string, 'Description'>;
/** Port of a switch or a host as its platform writes it: `Ethernet2`, `Ethernet1/2.100`, `Port-Channel5`, `ens19`. */
export type PortName = Brand<string, 'PortName'>;

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RESERVED_SLUGS = new Set(['all', 'default', 'lo', 'mgmt', 'vmbr0']);
const DNS_LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
// Cc control, Cf format (bidi overrides, zero width), Zl/Zp line separators, Cs lone surrogates.
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

export const Slug = {
  parse(value: unknown): Slug {
    if (typeof value !== 'string' || !SLUG.test(value) || RESERVED_SLUGS.has(value)) {
      throw invalidValue('slug', value, '1 to 63 of a-z, 0-9 and inner dashes, and not a reserved name');
    }
    return value as Slug;
  },
  /** A slug made from free text; empty when nothing of the text can be kept. */
  fromLabel(label: Label): string {
    return label
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 48)
      .replace(/^-+|-+$/g, '');
  },
};

export const Label = {
  parse(value: unknown): Label {
    const text = typeof value === 'string' ? value.normalize('NFC') : '';
    if (text.trim() === '' || text.length > 240 || FORBIDDEN.test(text)) {
      throw invalidValue('name', value, '1 to 240 printable characters on one line, no control characters');
    }
    return text as Label;
  },
};

export const Description = {
  /** Kept as it was written, so that it equals the text it was taken from. */
  parse(value: unknown): Description | null {
    if (value === null || value === '') return null;
    if (typeof value !== 'string' || value.length > 1000 || /[^\P{Cc}\t\n\r]|\p{Cs}/u.test(value))
      throw invalidValue('description', value, 'at most 1000 characters, no control characters but tabs and ends of lines');
    return value as Description;
  },
};

export const Fqdn = {
  parse(value: unknown): Fqdn {
    const text = typeof value === 'string' ? value.toLowerCase() : '';
    if (text.length > 253 || !text.includes('.') || !text.split('.').every((label) => DNS_LABEL.test(label))) {
      throw invalidValue('DNS name', value, 'labels of 1 to 63 letters, digits and inner dashes, without a trailing dot');
    }
    return text as Fqdn;
  },
  isWithin(name: string, zone: string): boolean {
    return name === zone || name.endsWith(`.${zone}`);
  },
};

export const ZonePrefix = {
  parse(value: unknown): ZonePrefix {
    const text = typeof value === 'string' ? value.toLowerCase() : '';
    if (text.length > 190 || !text.split('.').every((label) => DNS_LABEL.test(label))) {
      throw invalidValue(
        'prefix of a DNS zone',
        value,
        'labels of 1 to 63 letters, digits and inner dashes, 190 octets in all, such as dmz or rack-7.dmz',
      );
    }
    return text as ZonePrefix;
  },
};

export const DeviceName = {
  parse(value: unknown): DeviceName {
    if (typeof value !== 'string' || !/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,14}$/.test(value) || value === '.' || value === '..') {
      throw invalidValue('interface name', value, '1 to 15 of letters, digits, dot, dash and underscore, no dash first');
    }
    return value as DeviceName;
  },
};

export const PortName = {
  parse(value: unknown): PortName {
    if (typeof value !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,31}(?:\/\d{1,3}){0,3}(?:\.\d{1,4})?$/.test(value)) {
      throw invalidValue('port name', value, 'a name such as Ethernet2, Ethernet1/2, Port-Channel5 or ens19');
    }
    return value as PortName;
  },
};
