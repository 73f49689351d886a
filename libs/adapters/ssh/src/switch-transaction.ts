/** Open vSwitch of a host: which transaction leads from what its database has to what it shall have. */
import { isDomainError } from '#engines/kernel';
import { OVS_DUMP, type OvsRows, type OvsTransaction, ovsTransaction, parseOvsDump, parseOvsRows } from '#engines/reconcile';
import type { AnswerPart } from './answer.js';
import type { Artefact } from './host-file.js';
import { transportError } from './ssh-session.js';

const NO_ROWS: OvsRows = { bridges: [], vlanLimit: null };

export const OVS_ROWS = '/var/lib/trame/openvswitch.json';

/**
 * @param told the rows that the host was told last, as it keeps them; null where it was told nothing.
 * @param dump answer of the host to `OVS_DUMP`.
 * @throws TransportError UNREACHABLE when Open vSwitch does not answer, CONFIG_REFUSED when there is none or when what is wanted belongs to somebody else.
 */
export function switchTransaction(
  device: string,
  artefacts: readonly Artefact[],
  told: string | null,
  dump: AnswerPart | undefined,
): OvsTransaction {
  if (dump?.status !== 0) {
    // Somebody who is being restarted will answer; a command that does not exist (127) will not.
    const code = dump?.status === 127 ? 'CONFIG_REFUSED' : 'UNREACHABLE';
    throw transportError(code, device, `Open vSwitch does not answer (ovs-vsctl ${OVS_DUMP[0] ?? ''})`);
  }
  const wanted = artefacts.find(({ path }) => path === OVS_ROWS);
  try {
    const desired = wanted ? parseOvsRows(wanted.content) : NO_ROWS;
    return ovsTransaction({ previous: rowsOf(told), desired, current: parseOvsDump(dump.text) });
  } catch (error) {
    if (isDomainError(error)) throw transportError('CONFIG_REFUSED', device, `Open vSwitch: ${error.message}`);
    throw error;
  }
}

/** What somebody has damaged says nothing about what was ours: nothing is taken away then. */
function rowsOf(told: string | null): OvsRows | null {
  if (told === null) return null;
  try {
    return parseOvsRows(told);
  } catch (error) {
    if (isDomainError(error)) return null;
    throw error;
  }
}

/** One command a line, for people. */
export function describeTransaction({ argv }: OvsTransaction): string {
  return argv
    .join(' ')
    .split(/(?:^| )-- /)
    .filter((command) => command !== '')
    .map((command) => `# Open vSwitch: ${command}\n`)
    .join('');
}
