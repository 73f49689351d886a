/** A switch never prints the secret it was given: a hash with a fresh salt for users, a code for BGP. */
import { createHash, randomBytes } from 'node:crypto';
import { encodePassword } from './neighbor-password.js';
import type { Effect } from './section.js';

export const userSecret: Effect = ({ section, match, rule, verb }) => {
  if (verb !== 'set') return void section.settings.delete(match.key);
  const words = match.words.slice(0, -1);
  const salt = randomBytes(6).toString('hex');
  const hash = createHash('sha512')
    .update(salt)
    .update(match.words.at(-1) as string)
    .digest('base64')
    .replace(/[+/=]/g, '');
  section.settings.set(match.key, { text: `${words.join(' ')} sha512 $6$${salt}$${hash.slice(0, 60)}`, rule });
};

/** `neighbor X password [0] SECRET`. */
export const neighborSecret: Effect = ({ section, match, rule, verb }) => {
  if (verb !== 'set') return void section.settings.delete(match.key);
  const peer = match.words[1] as string;
  section.settings.set(match.key, { text: `neighbor ${peer} password 7 ${encodePassword(peer, match.words.at(-1) as string)}`, rule });
};
