import { Ip } from '#engines/kernel';

/** RFC 1035 §4.1.1 and §3.2.2; the numbers the simulator speaks. */
export const RCODE = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const TYPE_NUMBERS: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, AAAA: 28 };

export interface Question {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** Absolute, lower case. */
  readonly name: string;
  /** `A`, or `TYPE16` for one that is not known here. */
  readonly type: string;
  /** The bytes of the question section: the answer repeats them as they came (RFC 1035 §4.1.2). */
  readonly section: Buffer;
}

export interface Answer {
  readonly rcode: number;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
}

export interface ResourceRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly content: string;
}

/** @returns null for what is no question and gets no answer. */
export function parseQuestion(message: Buffer): Question | null {
  if (message.length < 12) return null;
  const flags = message.readUInt16BE(2);
  if (flags & 0x8000 || message.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at + 1 + length > message.length) return null;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return null;
  const type = message.readUInt16BE(at);
  return {
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    name: `${labels.join('.')}.`.toLowerCase(),
    type: Object.keys(TYPE_NUMBERS).find((name) => TYPE_NUMBERS[name] === type) ?? `TYPE${type}`,
    section: message.subarray(12, at + 4),
  };
}

/** With authority and without recursion. Longer than `limit` bytes it is sent empty with TC set: the client asks again by TCP. */
export function encodeAnswer(question: Question, answer: Answer, limit: number): Buffer {
  const records = [...answer.answers, ...answer.authority].map(encodeRecord);
  const message = Buffer.concat([header(question, answer, false), question.section, ...records]);
  if (message.length <= limit) return message;
  return Buffer.concat([header(question, { ...answer, answers: [], authority: [] }, true), question.section]);
}

function header(question: Question, answer: Answer, truncated: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(question.id, 0);
  const authoritative = answer.rcode === RCODE.NOERROR || answer.rcode === RCODE.NXDOMAIN;
  const flags =
    0x8000 | (question.opcode << 11) | (authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) | (question.recursionDesired ? 0x0100 : 0);
  bytes.writeUInt16BE(flags | answer.rcode, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answer.answers.length, 6);
  bytes.writeUInt16BE(answer.authority.length, 8);
  return bytes;
}

function encodeRecord({ name, type, ttl, content }: ResourceRecord): Buffer {
  const data = encodeContent(type, content);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPE_NUMBERS[type] ?? 0, 0);
  fixed.writeUInt16BE(1, 2); // IN
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function encodeContent(type: string, content: string): Buffer {
  if (type === 'A' || type === 'AAAA') {
    const width = type === 'A' ? 8 : 32;
    return Buffer.from(Ip.toBigInt(Ip.parse(content)).toString(16).padStart(width, '0'), 'hex');
  }
  if (type !== 'SOA') return encodeName(content);
  const [primary = '.', mailbox = '.', ...numbers] = content.split(' ');
  const timers = Buffer.alloc(20);
  numbers.forEach((number, i) => timers.writeUInt32BE(Number(number), i * 4));
  return Buffer.concat([encodeName(primary), encodeName(mailbox), timers]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
}
