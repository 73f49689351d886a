/**
 * What `stage` reads on standard input:
 *   identity <plan id> <revision>
 *   file <slot> <octets>\n<that many octets>      or      file <slot> absent
 *   end
 * A slot that is not named keeps the file it has. Without `end` the request was cut off, and nothing is staged.
 */
import type { HostSlot } from './host-file.js';

export interface StageRequest {
  readonly planId: string;
  readonly revision: number;
  /** null: the file shall not exist. */
  readonly files: ReadonlyMap<HostSlot, string | null>;
}

export function encodeStageRequest({ planId, revision, files }: StageRequest): Buffer {
  const chunks = [Buffer.from(`identity ${planId} ${revision}\n`)];
  for (const [slot, content] of files) {
    if (content === null) {
      chunks.push(Buffer.from(`file ${slot} absent\n`));
      continue;
    }
    const octets = Buffer.from(content, 'utf8');
    chunks.push(Buffer.from(`file ${slot} ${octets.length}\n`), octets);
  }
  return Buffer.concat([...chunks, Buffer.from('end\n')]);
}

/** @returns null when the request is malformed or ends early. */
export function decodeStageRequest(octets: Buffer): StageRequest | null {
  const files = new Map<HostSlot, string | null>();
  let identity: { planId: string; revision: number } | null = null;
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf(0x0a, at);
    if (lineEnd < 0) return null;
    const [word = '', name = '', size = ''] = octets.subarray(at, lineEnd).toString('utf8').split(' ');
    at = lineEnd + 1;
    if (word === 'end') return identity === null ? null : { ...identity, files };
    if (word === 'identity') identity = { planId: name, revision: Number(size) };
    else if (word === 'file' && (name === 'interfaces' || name === 'frr')) {
      const end = size === 'absent' ? at : at + Number(size);
      if (!Number.isInteger(end) || end > octets.length) return null;
      files.set(name, size === 'absent' ? null : octets.subarray(at, end).toString('utf8'));
      at = end;
    } else return null;
  }
}
