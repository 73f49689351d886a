/**
 * The part of a push that runs on an OpenBSD gateway, in the shell of its base system (ksh) and without anything else: no flock(1), setsid(1),
 * sha256sum(1), /proc. It is written in what POSIX sh and that ksh have in common. Ours are /etc/hostname.vxlanN and /etc/hostname.bridgeN that we have put there.
 *
 * State below /etc/trame, on the file system of the files themselves:
 *   fence      highest fencing number seen; a lower one is refused
 *   owned      names of the interfaces whose files are ours: nothing else is ever destroyed
 *   confirmed  fence and revision of the push confirmed last: one rename, the commit point
 *   worker     process of the netstart that is at work
 *   undone     fence of a push that the gateway took back by itself, and by what: timer or boot
 *   lock       a symbolic link to the process that changes something
 *   pending/   the push under way: state (staged|applied), fence, identity, program, names, again, known, owned (as it was), new/, old/ (a missing file: shall not exist)
 */
import { createHash } from 'node:crypto';
import type { RemoteProgram } from '../push-client.js';
import { FILES } from './program/files.js';
import { FORCE } from './program/force.js';
import { FRAME } from './program/frame.js';
import { VERBS } from './program/verbs.js';

const GATEWAY_PROGRAM = [FRAME, FILES, FORCE, VERBS].join('');

const DIGEST = createHash('sha256').update(GATEWAY_PROGRAM).digest('hex').slice(0, 16);
const PATH = `/etc/trame/push-${DIGEST}.sh`;

/** By its digest: a program that runs is never overwritten. SSH proves the octets that arrive; that they are all there is counted before the rename. */
export const GATEWAY: RemoteProgram = {
  path: PATH,
  text: GATEWAY_PROGRAM,
  installCommand:
    `umask 077; mkdir -p /etc/trame && part=${PATH}.$$ && cat > "$part" && ` +
    `{ [ "$(wc -c < "$part")" -eq ${Buffer.byteLength(GATEWAY_PROGRAM)} ] && mv -f "$part" ${PATH} || { rm -f "$part"; false; }; }`,
  installedCommand: null,
};
