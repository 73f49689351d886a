/** Shapes that several subjects have. */
import { z } from 'zod';
import { ip } from './words.js';

export const prefixLength = z.int().min(0).max(128);
export const udpPort = z.int().min(1).max(65_535);
export const mtu = z.int().min(576).max(9216).nullable().default(null);
export const addresses = z.array(z.strictObject({ address: ip, prefixLength })).default([]);
export const word = z.string().regex(/^[\w.+-]{1,64}$/, '1 to 64 letters, digits, dots, dashes');
