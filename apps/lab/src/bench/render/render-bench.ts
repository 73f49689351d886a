/**
 * What compiling and rendering a fabric takes: checks, index, intents, texts, the second reading of every text, digests. In memory, in one
 * process, without a database. Time is that of the clock; that of the processor, with the threads of the garbage collector and of the compiler
 * of Node in it, stands beside it: where the two lie apart, something else was running.
 */
import { createHash } from 'node:crypto';
import { compileFabric, FabricCompiler, type FabricIntent, type FabricSnapshot } from '#engines/intent';
import { renderDevice } from '#engines/rendering';
import { median, type Spread, spreadOf } from '../statistics.js';
import { leafFabric } from './leaf-fabric.js';
import { changedNetworks, newNetwork } from './network-changes.js';

export interface RenderSizes {
  /** Rounds of each measurement; one more before them is thrown away. */
  readonly rounds: number;
  /** From small to large: the last is the one that is asked about. */
  readonly fabrics: readonly { readonly devices: number; readonly networks: number }[];
  /** VTEPs with the network that is another, and networks of each. */
  readonly incremental: { readonly devices: number; readonly networks: number };
}

export interface RenderReport {
  readonly devices: number;
  readonly networks: number;
  readonly lines: number;
  readonly bytes: number;
  /** Whole fabric divided by its VTEPs; median over the rounds. */
  readonly msPerDevice: Spread;
  /** Of the processor. */
  readonly cpuMsPerDevice: Spread;
  /** The same, and every text read out as bytes. */
  readonly readMsPerDevice: Spread;
  /** The same where every second VTEP is a Debian host. */
  readonly mixedMsPerDevice: Spread;
  /** Joining and hashing the same lines: what nobody can do without. */
  readonly floorMsPerDevice: Spread;
  /** Microseconds for each network on each VTEP, by size. */
  readonly perUnit: readonly { readonly devices: number; readonly networks: number; readonly microseconds: number }[];
  /** Last of these to the first: 1 = linear. */
  readonly growth: number;
  /** One network says something else; devices that were rendered again. */
  readonly incrementalMs: Spread;
  /** Of the processor. */
  readonly incrementalCpuMs: Spread;
  /** The same, and every text of these devices read out as bytes: until then a text is a sum of parts that devices share. */
  readonly incrementalReadMs: Spread;
  readonly incrementalDevices: number;
  /** The same with a snapshot that was read again: no fact is the same object. */
  readonly incrementalReadAgainMs: Spread;
  /** One network more. */
  readonly incrementalAddedMs: Spread;
  /** The same fabric, compiled and rendered whole. */
  readonly wholeMs: Spread;
  /** SHA-256 over all artefacts of the largest fabric: the same on every machine and in every round. */
  readonly digest: string;
}

interface Measured {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export function runRenderBench({ rounds, fabrics, incremental }: RenderSizes, say: (line: string) => void): RenderReport {
  if (fabrics[0]) whole({ ...fabrics[0], profile: 'leafs' }, rounds, () => say('warming up')); // or the smallest fabric pays for the compiler of Node
  const bySize = fabrics.map((size) => ({ ...size, ...whole({ ...size, profile: 'leafs' }, rounds, say) }));
  const [smallest, largest] = [bySize[0], bySize.at(-1)];
  if (!smallest || !largest) throw new Error('a size to measure is needed');
  const mixed = whole({ ...largest, profile: 'mixed' }, rounds, say);
  const perUnit = bySize.map(({ devices, networks, measured }) => ({
    devices,
    networks,
    microseconds: (median(measured.map(({ wallMs }) => wallMs)) * 1000) / (devices * networks),
  }));
  const unit = (place: number): number => perUnit.at(place)?.microseconds ?? Number.NaN;
  const perDevice = (values: readonly number[]): Spread => spreadOf(values.map((value) => value / largest.devices));
  return {
    devices: largest.devices,
    networks: largest.networks,
    lines: largest.lines,
    bytes: largest.bytes,
    msPerDevice: perDevice(largest.measured.map(({ wallMs }) => wallMs)),
    cpuMsPerDevice: perDevice(largest.measured.map(({ cpuMs }) => cpuMs)),
    readMsPerDevice: perDevice(largest.read.map(({ wallMs }) => wallMs)),
    mixedMsPerDevice: perDevice(mixed.measured.map(({ wallMs }) => wallMs)),
    floorMsPerDevice: perDevice(largest.floor.map(({ wallMs }) => wallMs)),
    perUnit,
    growth: unit(-1) / unit(0),
    ...following(incremental, rounds, say),
    digest: largest.digest,
  };
}

function whole(
  size: Parameters<typeof leafFabric>[0],
  rounds: number,
  say: (line: string) => void,
): {
  readonly measured: readonly Measured[];
  readonly read: readonly Measured[];
  readonly floor: readonly Measured[];
  readonly lines: number;
  readonly bytes: number;
  readonly digest: string;
} {
  say(`${size.devices} VTEPs × ${size.networks} networks, ${size.profile}`);
  const snapshot = leafFabric(size);
  const measured: Measured[] = [];
  const read: Measured[] = [];
  const floor: Measured[] = [];
  let contents: readonly string[] = [];
  let digest = '';
  for (let round = 0; round <= rounds; round++) {
    const digests: string[] = [];
    // Contents are kept of one round only: what is asked is to make them, not to hold all of them.
    const kept: string[] = [];
    const time = measure(() => {
      for (const device of compileFabric(snapshot).devices) {
        for (const { content, sha256 } of renderDevice(device)) {
          digests.push(sha256);
          if (round === 0) kept.push(content);
        }
      }
    });
    if (round === 0) contents = kept;
    const now = createHash('sha256').update(digests.join()).digest('hex');
    if (round > 0 && now !== digest) throw new Error('two rounds of one fabric gave different bytes');
    digest = now;
    if (round > 0) measured.push(time);
  }
  const lines = contents.map((content) => content.split('\n'));
  for (let round = 0; round < rounds; round++) {
    floor.push(measure(() => lines.forEach((text) => createHash('sha256').update(text.join('\n')).digest('hex'))));
  }
  for (let round = 0; round < rounds; round++) read.push(measure(() => readOut(compileFabric(snapshot).devices)));
  return {
    measured,
    read,
    floor,
    lines: lines.reduce((sum, { length }) => sum + length - 1, 0),
    bytes: contents.reduce((sum, { length }) => sum + length, 0),
    digest,
  };
}

type Following = Pick<
  RenderReport,
  | 'incrementalMs'
  | 'incrementalCpuMs'
  | 'incrementalReadMs'
  | 'incrementalDevices'
  | 'incrementalReadAgainMs'
  | 'incrementalAddedMs'
  | 'wholeMs'
>;

/** @throws Error where what was followed is not, byte for byte, what the whole gives. */
function following(size: RenderSizes['incremental'], rounds: number, say: (line: string) => void): Following {
  say(`one network of ${size.networks} on ${size.devices} leafs`);
  const first = leafFabric({ ...size, profile: 'leafs' });
  const compiler = new FabricCompiler();
  let intent = compiler.compile(first);
  bytesOf(intent);
  let devices = 0;
  const follow = (snapshot: FabricSnapshot): Measured => {
    const before = new Set(intent.devices);
    const time = measure(() => {
      intent = compiler.compile(snapshot);
      bytesOf(intent);
    });
    devices = intent.devices.filter((device) => !before.has(device)).length;
    return time;
  };
  const each = (make: (round: number) => FabricSnapshot): Measured[] =>
    Array.from({ length: rounds * 2 + 2 }, (_, round) => follow(make(round))).slice(2);
  const changed = each((round) => changedNetworks(first, round));
  const concerned = devices;
  assertSame(intent, changedNetworks(first, rounds * 2 + 1));
  const read = Array.from({ length: rounds * 2 + 2 }, (_, round) => {
    const before = new Set(intent.devices);
    return measure(() => {
      intent = compiler.compile(changedNetworks(first, round));
      readOut(intent.devices.filter((device) => !before.has(device)));
    });
  }).slice(2);
  const again = each((round) => structuredClone(changedNetworks(first, round)));
  const added = each((round) => (round % 2 === 0 ? newNetwork(first) : first));
  assertSame(intent, first);
  const wholly = Array.from({ length: rounds }, () => measure(() => bytesOf(compileFabric(first))));
  const clock = (list: readonly Measured[]): Spread => spreadOf(list.map(({ wallMs }) => wallMs));
  return {
    incrementalMs: clock(changed),
    incrementalCpuMs: spreadOf(changed.map(({ cpuMs }) => cpuMs)),
    incrementalReadMs: clock(read),
    incrementalDevices: concerned,
    incrementalReadAgainMs: clock(again),
    incrementalAddedMs: clock(added),
    wholeMs: clock(wholly),
  };
}

const bytesOf = (intent: FabricIntent): number =>
  intent.devices.flatMap(renderDevice).reduce((sum, { content }) => sum + content.length, 0);

const readOut = (devices: FabricIntent['devices']): number =>
  devices.reduce((sum, device) => renderDevice(device).reduce((size, { content }) => size + Buffer.from(content).length, sum), 0);

function assertSame(followed: FabricIntent, snapshot: FabricSnapshot): void {
  const sums = (intent: FabricIntent): string =>
    intent.devices.flatMap((device) => renderDevice(device).map(({ sha256 }) => sha256)).join();
  if (sums(followed) !== sums(compileFabric(snapshot))) throw new Error('a fabric that was followed is not what the whole gives');
}

function measure(work: () => unknown): Measured {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - wall };
}
