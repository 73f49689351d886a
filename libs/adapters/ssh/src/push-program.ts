/**
 * The part of a push that runs on the host: a POSIX shell program, so that it can undo a change alone when we are cut off. Its parts are the
 * files of `program/`. It goes by the digest of its text: two versions of Trame on one host each find their own, and a running one is never
 * overwritten.
 *
 * Logged in as root we store it ourselves, and no data ever stands on a command line: `sh …/push-<digest>.sh <verb> [number [number]]`. Another
 * user runs what root has installed, by a rule of sudo that names it by path and digest, without arguments: verb and numbers are the first
 * line of standard input (install-script.ts).
 *
 * State on the host, all below /var/lib/trame:
 *   fence      highest fencing number seen; a lower one is refused
 *   confirmed  fence and revision of the push confirmed last: written by one rename, which is the commit point of a push
 *   undone     fence of a push that the host took back by itself, and by what: timer or boot
 *   lock       held (flock) by every verb that changes something, and by the dead-man timer when it fires
 *   pending/   the push under way: state (staged|applied), fence, identity, program, new/, old/ (a missing file: shall not exist),
 *              switch.db and libvirt/ (what they had)
 * The timer is a process of its own session. When it dies with the host, pending/ tells the hook at boot, or the next push, what to undo.
 */
import { createHash } from 'node:crypto';
import { FILES } from './program/files.js';
import { FORCE } from './program/force.js';
import { FRAME } from './program/frame.js';
import { GATE } from './program/gate.js';
import { LIBVIRT } from './program/libvirt.js';
import { OPENVSWITCH } from './program/openvswitch.js';
import { REPORTS } from './program/reports.js';
import { VERBS } from './program/verbs.js';

export { PUSH_EXIT } from './program/exit.js';

export const PUSH_PROGRAM = [FRAME, FILES, GATE, REPORTS, OPENVSWITCH, LIBVIRT, FORCE, VERBS].join('');

export const PUSH_PROGRAM_SHA256 = createHash('sha256').update(PUSH_PROGRAM).digest('hex');

export const PUSH_PROGRAM_PATH = `/var/lib/trame/push-${PUSH_PROGRAM_SHA256.slice(0, 16)}.sh`;

/** Where root installs it for a user without rights: neither the file nor its folder may be that user's to write. */
export const INSTALLED_PROGRAM_PATH = `/usr/local/lib/trame/push-${PUSH_PROGRAM_SHA256.slice(0, 16)}`;

/**
 * Stores the program, whose text is on standard input. The digest is checked before the rename: a connection lost half-way
 * leaves no half program under the final name. `$$` keeps two first pushes at the same time out of each other's file.
 */
export const INSTALL_COMMAND =
  `umask 077; mkdir -p /var/lib/trame && part=${PUSH_PROGRAM_PATH}.$$ && cat > "$part" && ` +
  `{ echo "${PUSH_PROGRAM_SHA256}  $part" | sha256sum -c --status && mv -f "$part" ${PUSH_PROGRAM_PATH} || { rm -f "$part"; false; }; }`;
