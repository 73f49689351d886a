/** A switch never prints the secret it was given: a salted hash for users, a reversible code for BGP. */
import { createHash, randomBytes } from 'node:crypto';
import type { Effect } from './section.js';

export const asHash: Effect = ({ section, match, rule, verb }) => {
  if (verb !== 'set') {
    section.settings.delete(match.key);
    return;
  }
  const words = [...match.words];
  const secret = words.pop() as string;
  const salt = randomBytes(6).toString('hex');
  const hash = createHash('sha512').update(salt).update(secret).digest('base64').replace(/[+/=]/g, '').slice(0, 60);
  const isUser = words[0] === 'username';
  if (words.at(-1) === '0') words.pop();
  section.settings.set(match.key, { text: `${words.join(' ')} ${isUser ? `sha512 $6$${salt}$${hash}` : `7 ${hash.slice(0, 16)}`}`, rule });
};
