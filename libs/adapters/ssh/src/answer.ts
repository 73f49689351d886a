/** How the push program answers: any number of parts, each `@<name> <status> <octets>` on a line and then that many octets. */

export interface AnswerPart {
  /** Exit status of the command behind the part; 1 for a file that does not exist. */
  readonly status: number;
  readonly text: string;
}

export type Answer = ReadonlyMap<string, AnswerPart>;

const HEAD = /^@([A-Za-z0-9:_.%-]+) (\d+) +(\d+)$/;

/** @throws Error when the octets are not such an answer: the host said something else. */
export function decodeAnswer(octets: Buffer): Answer {
  const parts = new Map<string, AnswerPart>();
  for (let at = 0; at < octets.length; ) {
    const lineEnd = octets.indexOf(0x0a, at);
    const head = octets.subarray(at, lineEnd < 0 ? octets.length : lineEnd).toString('utf8');
    const [, name, status, size] = HEAD.exec(head) ?? [];
    if (lineEnd < 0 || name === undefined) throw new Error(`unexpected answer: ${JSON.stringify(head.slice(0, 80))}`);
    const start = lineEnd + 1;
    const end = start + Number(size);
    if (end > octets.length) throw new Error(`part ${name} of the answer ends ${end - octets.length} octets early`);
    parts.set(name, { status: Number(status), text: octets.subarray(start, end).toString('utf8') });
    at = end;
  }
  return parts;
}

export function encodeAnswer(parts: Iterable<readonly [string, AnswerPart]>): Buffer {
  const chunks = [...parts].flatMap(([name, { status, text }]) => {
    const body = Buffer.from(text, 'utf8');
    return [Buffer.from(`@${name} ${status} ${body.length}\n`), body];
  });
  return Buffer.concat(chunks);
}
