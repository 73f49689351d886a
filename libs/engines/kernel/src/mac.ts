import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';

/** A unicast MAC address in lower-case colon form. */
export type Mac = Brand<string, 'Mac'>;

export const Mac = {
  /** Accepts the colon, dash, dot and bare forms; refuses group addresses (I/G bit, IEEE 802 §8.2) and all zeros. */
  parse(value: unknown): Mac {
    const text = typeof value === 'string' ? value.toLowerCase() : '';
    const form = /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{12})$/;
    const hex = text.replace(/[^0-9a-f]/g, '');
    const isGroup = (Number.parseInt(hex.slice(0, 2), 16) & 1) === 1;
    if (!form.test(text) || isGroup || /^0+$/.test(hex)) {
      throw invalidValue('MAC address', value, 'a unicast address of six octets, e.g. bc:24:11:8f:74:b6');
    }
    return hex.replace(/(..)(?!$)/g, '$1:') as Mac;
  },
};
