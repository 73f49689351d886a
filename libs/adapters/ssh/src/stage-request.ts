/**
 * What `stage` reads on standard input:
 *   identity <plan id> <revision>[ forced]
 *   file <slot> <octets>\n<that many octets>      or      file <slot> absent
 *   transaction ovs <octets>\n<that many octets>  arguments of ovs-vsctl, one a line
 *   end
 * A slot that is not named keeps the file it has. Without `end` the request was cut off, and nothing is staged.
 */
import { hostFileOf, type HostSlot } from './host-file.js';

export interface StageRequest {
  readonly planId: string;
  readonly revision: number;
  /** A person has said that the way by which people reach the host may change. */
  readonly isForced: boolean;
  /** null: the file shall not exist. */
  readonly files: ReadonlyMap<HostSlot, string | null>;
  /** Empty where Open vSwitch has nothing to do. */
  readonly transaction: readonly string[];
}

export function encodeStageRequest({ planId, revision, isForced, files, transaction }: StageRequest): Buffer {
  const chunks: Buffer[] = [Buffer.from(`identity ${planId} ${revision}${isForced ? ' forced' : ''}\n`)];
  for (const [slot, content] of files) {
    if (content === null) chunks.push(Buffer.from(`file ${slot} absent\n`));
    else chunks.push(...part(`file ${slot}`, content));
  }
  if (transaction.length > 0) chunks.push(...part('transaction ovs', `${transaction.join('\n')}\n`));
  return Buffer.concat([...chunks, Buffer.from('end\n')]);
}

function part(head: string, content: string): Buffer[] {
  const octets = Buffer.from(content, 'utf8');
  return [Buffer.from(`${head} ${octets.length}\n`), octets];
}

/** @returns null when the request is malformed or ends early. */
export function decodeStageRequest(octets: Buffer): StageRequest | null {
  const files = new Map<HostSlot, string | null>();
  let identity: Pick<StageRequest, 'planId' | 'revision' | 'isForced'> | null = null;
  let transaction: readonly string[] = [];
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf(0x0a, at);
    if (lineEnd < 0) return null;
    const [word = '', name = '', size = '', more = ''] = octets.subarray(at, lineEnd).toString('utf8').split(' ');
    at = lineEnd + 1;
    if (word === 'end') return identity === null ? null : { ...identity, files, transaction };
    if (word === 'identity') {
      identity = { planId: name, revision: Number(size), isForced: more === 'forced' };
      continue;
    }
    const slot = hostFileOf(name)?.slot;
    const end = size === 'absent' ? at : at + Number(size);
    if (!Number.isInteger(end) || end > octets.length || !(word === 'transaction' || (word === 'file' && slot))) return null;
    const content = octets.subarray(at, end).toString('utf8');
    if (word === 'transaction') transaction = content.split('\n').slice(0, -1);
    else if (slot) files.set(slot, size === 'absent' ? null : content);
    at = end;
  }
}
