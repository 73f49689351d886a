/** Which object causes which part of a diff: by the names and numbers that stand in the changed lines and in the headers above them. Pure. */
import type { DeviceIntent } from '#engines/intent';
import type { Artefact } from '#engines/rendering';
import type { Cause } from './causes.js';

/** One hunk of the diff, in its order. */
export interface Hunk {
  readonly path: string;
  /** Places in the causes of the item, rising. */
  readonly causes: readonly number[];
}

/** A hunk with its text, `@@ …` first. */
export interface HunkText {
  readonly path: string;
  readonly text: string;
}

/** A small number stands for a VNI only where the line speaks of one. */
const SMALL = 4096;
const ABOUT_VNI = /vni|vxlan|vx-/i;
const ABOUT_VLAN = /vlan/i;
const WORD = /[A-Za-z0-9_.:/@-]+/g;

/** The hunks of what `diffText` made of files, in its order; other lines belong to none. */
export function hunkTexts(diff: string): readonly HunkText[] {
  const hunks: { path: string; lines: string[] }[] = [];
  let path = '';
  let left = { old: 0, now: 0 };
  for (const line of diff.split('\n')) {
    const range = /^@@ -\d+,(\d+) \+\d+,(\d+) @@/.exec(line);
    if (range) {
      left = { old: Number(range[1]), now: Number(range[2]) };
      hunks.push({ path, lines: [line] });
    } else if (left.old > 0 || left.now > 0) {
      if (!line.startsWith('+')) left.old -= 1;
      if (!line.startsWith('-')) left.now -= 1;
      hunks.at(-1)?.lines.push(line);
    } else if (line.startsWith('+++ ')) path = line.slice(4);
  }
  return hunks.map(({ path: of, lines }) => ({ path: of, text: lines.join('\n') }));
}

/**
 * Where no name is found it is the device itself, or any of the causes: a line that the first network of a device brings, such as a family that is
 * activated, names no network.
 */
export function hunksOf(
  diff: string,
  causes: readonly Cause[],
  texts: { readonly before: readonly Artefact[]; readonly after: readonly Artefact[] },
  intents: readonly (DeviceIntent | null)[],
): readonly Hunk[] {
  const names = namesOf(causes, intents);
  const [before, after] = [outlines(texts.before), outlines(texts.after)];
  const general = causes.flatMap(({ kind }, index) => (kind === 'DEVICE' ? [index] : []));
  const anyOf = general.length > 0 ? general : causes.map((_, index) => index);
  return hunkTexts(diff).map(({ path, text }) => {
    const found = new Set<number>();
    for (const line of changedLines(text, before.get(path) ?? [], after.get(path) ?? []))
      for (const index of named(line, names)) found.add(index);
    return { path, causes: found.size > 0 ? [...found].sort((a, b) => a - b) : anyOf };
  });
}

/** A line and the headers above it, innermost first. */
type Outline = readonly string[];

/** Of each file, by line: the line and what it stands below, by indentation. */
function outlines(artefacts: readonly Artefact[]): ReadonlyMap<string, readonly Outline[]> {
  return new Map(artefacts.map(({ path, content }) => [path, outline(content.split('\n'))]));
}

function outline(lines: readonly string[]): readonly Outline[] {
  let open: { indent: number; at: Outline }[] = [];
  return lines.map((line) => {
    const indent = line.length - line.trimStart().length;
    open = open.filter((header) => header.indent < indent);
    const at: Outline = [line, ...(open.at(-1)?.at ?? [])];
    if (line.trim() !== '') open.push({ indent, at });
    return at;
  });
}

function changedLines(hunk: string, before: readonly Outline[], after: readonly Outline[]): readonly Outline[] {
  const [header = '', ...lines] = hunk.split('\n');
  const [, from = '0', count = '0', to = '0', added = '0'] = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@/.exec(header) ?? [];
  let old = Number(from) - (count === '0' ? 0 : 1);
  let now = Number(to) - (added === '0' ? 0 : 1);
  return lines.flatMap((line) => {
    if (line.startsWith('-')) return [before[old++] ?? [line.slice(1)]];
    if (line.startsWith('+')) return [after[now++] ?? [line.slice(1)]];
    old += 1;
    now += 1;
    return [];
  });
}

interface Names {
  readonly words: ReadonlyMap<string, readonly number[]>;
  readonly smallVnis: ReadonlyMap<number, readonly number[]>;
  readonly vlans: ReadonlyMap<number, readonly number[]>;
}

/** The line itself speaks before what it stands below: a network's line below a session of BGP is the network's. */
function named(at: Outline, names: Names): readonly number[] {
  for (const line of at) {
    const found = inLine(line, names);
    if (found.length > 0) return found;
  }
  return [];
}

function inLine(line: string, { words, smallVnis, vlans }: Names): readonly number[] {
  const found: number[] = [];
  for (const [word] of line.matchAll(WORD)) found.push(...(words.get(word) ?? words.get(word.split('/')[0] ?? '') ?? []));
  if (smallVnis.size > 0 && ABOUT_VNI.test(line)) for (const number of numbersIn(line)) found.push(...(smallVnis.get(number) ?? []));
  if (vlans.size > 0 && ABOUT_VLAN.test(line)) for (const number of numbersIn(line)) found.push(...(vlans.get(number) ?? []));
  return found;
}

/** `10,12-14`, `Vlan20`: VLANs are written in lists and in names. */
function numbersIn(line: string): readonly number[] {
  return [...line.matchAll(/(\d{1,4})(?:-(\d{1,4}))?(?![\d.:])/g)].flatMap(([, from, to]) => {
    const [first, last] = [Number(from), Number(to ?? from)];
    return last - first < SMALL ? Array.from({ length: Math.max(0, last - first) + 1 }, (_, index) => first + index) : [];
  });
}

function namesOf(causes: readonly Cause[], intents: readonly (DeviceIntent | null)[]): Names {
  const [words, smallVnis, vlans] = [new Map<string, number[]>(), new Map<number, number[]>(), new Map<number, number[]>()];
  const put = <Key>(into: Map<Key, number[]>, key: Key | null | undefined, index: number): void => {
    if (key === null || key === undefined || key === '') return;
    const known = into.get(key) ?? [];
    if (!known.includes(index)) into.set(key, [...known, index]);
  };
  const parts = intents.map((intent) => (intent === null ? null : partsOf(intent)));
  causes.forEach((cause, index) => {
    if (cause.kind !== 'DEVICE') put(words, cause.slug, index);
    for (const part of parts) {
      const said = part?.get(`${cause.kind} ${cause.slug}`);
      for (const word of said?.words ?? []) put(words, word, index);
      for (const vni of said?.vnis ?? [])
        if (vni < SMALL) put(smallVnis, vni, index);
        else put(words, String(vni), index);
      put(vlans, said?.vlan, index);
    }
  });
  return { words, smallVnis, vlans };
}

interface Part {
  readonly words: readonly (string | null)[];
  readonly vnis: readonly number[];
  readonly vlan?: number | null;
}

/** By kind and name what stands for an object in configurations. */
function partsOf({ l2vnis, vrfs, bgp, mlag, edgePorts }: DeviceIntent): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  for (const network of l2vnis) {
    const { networkSlug, vni, vlan, rd, bridgeName, vxlanName, importTargets, exportTargets, gateways, remoteTarget } = network;
    const addresses = gateways.flatMap(({ address, ownAddress }) => [address, ownAddress]);
    const words = [networkSlug, rd, bridgeName, vxlanName, remoteTarget, ...importTargets, ...exportTargets, ...addresses];
    parts.set(`NETWORK ${networkSlug}`, { words, vnis: [vni], vlan });
    for (const { address, prefixLength } of gateways)
      parts.set(`SUBNET ${address}/${prefixLength} of ${networkSlug}`, { words: [address], vnis: [] });
  }
  for (const { name, l3vni, rd, bridgeName, vxlanName, importTargets, exportTargets } of vrfs)
    parts.set(`VRF ${name}`, { words: [name, rd, bridgeName, vxlanName, ...importTargets, ...exportTargets], vnis: [l3vni] });
  for (const { description, address, port } of bgp?.neighbors ?? []) {
    const known = parts.get(`SESSION ${description}`)?.words ?? [];
    parts.set(`SESSION ${description}`, { words: [...known, description, address, port], vnis: [] });
  }
  for (const { port, members } of edgePorts)
    for (const { vni } of members) {
      const network = l2vnis.find((one) => one.vni === vni);
      if (network) parts.set(`ATTACHMENT ${network.networkSlug} on ${port}`, { words: [port], vnis: [] });
    }
  if (mlag) parts.set(`PAIR ${mlag.domain}`, { words: [mlag.domain], vnis: [] });
  return parts;
}
