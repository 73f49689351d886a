/** One push to one OpenBSD gateway, from inspection to confirmation. See gateway-program.ts for what happens there. */
import type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceVitals,
  Expectations,
  PushIdentity,
  StagedChange,
  VerifyCheck,
  VerifyReport,
} from '#contexts/deployment/ports';
import { invalidValue } from '#engines/kernel';
import type { Answer } from '../answer.js';
import { configDiff } from '../config-diff.js';
import type { Artefact } from '../host-file.js';
import { fenceOf, pendingCheck, pendingOf } from '../pending-push.js';
import type { PushClient } from '../push-client.js';
import { transportError } from '../ssh-session.js';
import { verifyUntil } from '../verify-until.js';
import { type LiveDifference, liveDifferences, vnetidOf } from './ifconfig-report.js';

const FILE = /^\/etc\/hostname\.((?:vxlan|bridge)\d{1,8})$/;

/** By name of the interface; null: there is no such file. */
type Contents = ReadonlyMap<string, string | null>;

export class GatewayConnection implements DeviceConnection {
  /** What the gateway had when this connection staged: the proof of an undo is that it has it again. */
  private before: Contents | null = null;
  private isLeftAlone = false;
  /** Interfaces that shall not be there. */
  private gone: readonly string[] = [];

  constructor(
    private readonly device: string,
    private readonly client: PushClient,
  ) {}

  async inspect(paths: readonly string[]): Promise<DeviceFindings> {
    const names = paths.map(nameOf);
    const answer = await this.client.call('inspect', [], lookingAt(names));
    const contents = contentsOf(answer);
    const [, fence, by] = /^(\d+) (timer|boot)$/.exec(answer.get('undone')?.text.trim() ?? '') ?? [];
    return {
      hostname: answer.get('hostname')?.text.trim().split('.')[0] ?? '',
      version: answer.get('release')?.text.trim() ?? '',
      actual: new Map(paths.map((path, at) => [path, contents.get(names[at] as string) ?? null])),
      pending: pendingOf(answer),
      establishedNeighbors: [],
      selfReverted: fence === undefined ? null : { fence: Number(fence), by: by === 'boot' ? 'BOOT' : 'TIMER' },
      undoesAtBoot: answer.get('boot')?.text.trim() === 'yes',
    };
  }

  /** It has no control plane that we configure: that it answers is all there is to see. */
  async observe(): Promise<DeviceVitals> {
    await this.client.call('inspect', [], lookingAt([]));
    return { establishedNeighbors: [], remoteVteps: [] };
  }

  async collect(paths: readonly string[]): Promise<DeviceCollection> {
    const answer = await this.client.call('collect', [], lookingAt(paths.map(nameOf)));
    const contents = contentsOf(answer);
    return {
      version: answer.get('release')?.text.trim() ?? '',
      actual: new Map(paths.map((path) => [path, contents.get(nameOf(path)) ?? null])),
      pending: pendingOf(answer),
      running: new Map(),
      live: paths.flatMap((path) => {
        const file = contents.get(nameOf(path)) ?? null;
        return file === null ? [] : differencesOf(answer, nameOf(path), file).map((difference) => ({ path, ...difference }));
      }),
      traces: new Map(),
      upSeconds: null,
    };
  }

  async recover(push: PushIdentity): Promise<void> {
    await this.client.call('recover', [fenceOf(push)], lookingAt([]));
  }

  async stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<StagedChange> {
    const wanted = this.wantedContents(artefacts, previous);
    const seen = await this.client.call('verify', [], lookingAt([...wanted.keys()]));
    const now = contentsOf(seen);
    // A file that is right and an interface that is not: somebody was at it, or the gateway lost it. It is made again.
    const again = artefacts
      .filter(({ path, content }) => now.get(nameOf(path)) === content && differencesOf(seen, nameOf(path), content).length > 0)
      .map(({ path }) => nameOf(path));
    this.gone = [...wanted].flatMap(([name, content]) => (content === null ? [name] : []));
    // A file that is gone, and its interface still carries frames: the VNI would be given to somebody else one day.
    const left = this.gone.filter((name) => (now.get(name) ?? null) === null && said(seen, name) !== null);
    const isSame = [...wanted].every(([name, content]) => (now.get(name) ?? null) === content);
    this.isLeftAlone = isSame && again.length === 0 && left.length === 0 && pendingOf(seen) === null;
    if (this.isLeftAlone) return { diff: '', isNoop: true };
    const answer = await this.client.call(
      'stage',
      [fenceOf(push)],
      encodeRequest(push, wanted, now, { again: [...again, ...left], known: unchangedOf(previous, now) }),
    );
    const before = contentsOf(answer);
    this.before = new Map([...wanted.keys()].map((name) => [name, before.get(name) ?? null]));
    const diffs = [...wanted].map(([name, content]) => configDiff(pathOf(name), before.get(name) ?? null, content));
    const diff = [
      ...diffs,
      ...again.map((name) => `# ${name} is not as its file says: it is made again\n`),
      ...left.map((name) => `# ${name} is there without its file: it is destroyed\n`),
    ].join('');
    return { diff, isNoop: diff === '' };
  }

  async apply(push: PushIdentity, confirmWithinSeconds: number): Promise<void> {
    if (!Number.isInteger(confirmWithinSeconds) || confirmWithinSeconds < 1 || confirmWithinSeconds > 3_600)
      throw invalidValue('time to confirm', confirmWithinSeconds, 'whole seconds from 1 to 3600');
    await this.client.call('apply', [fenceOf(push), confirmWithinSeconds]);
  }

  verify(push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations, withinMs: number): Promise<VerifyReport> {
    return verifyUntil(this.client, withinMs, async () => {
      const names = [...artefacts.map(({ path }) => nameOf(path)), ...this.gone];
      const answer = await this.client.call('verify', [], lookingAt(names));
      return [
        pendingCheck(answer, push),
        ...this.gone.map((name) => goneCheck(answer, name)),
        ...artefacts.flatMap((artefact) => fileChecks(answer, artefact)),
        ...vniChecks(answer, expectations),
      ];
    });
  }

  async confirm(push: PushIdentity): Promise<void> {
    await this.client.call('confirm', [fenceOf(push)]);
  }

  async revert(push: PushIdentity): Promise<void> {
    if (this.isLeftAlone) return;
    const names = [...(this.before?.keys() ?? [])];
    const now = contentsOf(await this.client.call('revert', [fenceOf(push)], lookingAt(names)));
    const wrong = names.filter((name) => (this.before?.get(name) ?? null) !== (now.get(name) ?? null));
    if (wrong.length > 0)
      throw transportError(
        'REVERT_UNPROVEN',
        this.device,
        `${wrong.map(pathOf).join(' and ')} does not hold the bytes that were there before`,
      );
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }

  /** What was ours and is no longer wanted shall not exist. */
  private wantedContents(artefacts: readonly Artefact[], previous: readonly Artefact[]): Contents {
    const contents = new Map<string, string | null>(previous.map(({ path }) => [nameOf(path), null]));
    for (const { path, mode, owner, content } of artefacts) {
      if (mode !== 0o640 || owner !== 'root')
        throw transportError('CONFIG_REFUSED', this.device, `${path} has mode 0640 and owner root, not 0${mode.toString(8)} and ${owner}`);
      contents.set(nameOf(path), content);
    }
    return contents;
  }
}

const pathOf = (name: string): string => `/etc/hostname.${name}`;

function nameOf(path: string): string {
  const name = FILE.exec(path)?.[1];
  if (name === undefined) throw invalidValue('path on an OpenBSD gateway', path, '/etc/hostname.vxlanN or /etc/hostname.bridgeN');
  return name;
}

/** Names of interfaces that the gateway shall also say something about, whether they are ours or not. */
const lookingAt = (names: readonly string[]): Buffer => Buffer.from([...new Set(names), 'end', ''].join('\n'));

/** Files as they were when they were read or confirmed last: taken over, if they are not ours on the gateway's own word. */
const unchangedOf = (previous: readonly Artefact[], now: Contents): readonly string[] => [
  ...new Set(previous.filter(({ path, content }) => now.get(nameOf(path)) === content).map(({ path }) => nameOf(path))),
];

/** Lines are counted: nothing in a file is ever taken for a word of ours. */
function encodeRequest(
  push: PushIdentity,
  wanted: Contents,
  now: Contents,
  { again, known }: Readonly<Record<'again' | 'known', readonly string[]>>,
): Buffer {
  const { planId, revision } = push;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(planId))
    throw invalidValue('plan id', planId, '1 to 64 letters, digits, dots, hyphens or underscores');
  const lines = [`identity ${planId} ${revision}${push.mayTouchManagement === true ? ' forced' : ''}`];
  for (const [name, content] of wanted) {
    if (content === null) {
      if ((now.get(name) ?? null) !== null || again.includes(name)) lines.push(`gone ${name}`);
      continue;
    }
    const text = content.replace(/\n$/, '').split('\n');
    lines.push(`file ${name} ${text.length}`, ...text);
  }
  return Buffer.from([...lines, ...again.map((name) => `again ${name}`), ...known.map((name) => `known ${name}`), 'end', ''].join('\n'));
}

function contentsOf(answer: Answer): Contents {
  return new Map(
    [...answer].flatMap(([name, { status, text }]): [string, string | null][] =>
      name.startsWith('file:') ? [[name.slice(5), status === 0 ? text : null]] : [],
    ),
  );
}

const said = (answer: Answer, name: string): string | null => {
  const part = answer.get(`if:${name}`);
  return part?.status === 0 ? part.text : null;
};
const differencesOf = (answer: Answer, name: string, file: string): readonly LiveDifference[] =>
  liveDifferences(name, file, said(answer, name));

function goneCheck(answer: Answer, name: string): VerifyCheck {
  const isGone = said(answer, name) === null;
  return { name: `interface ${name}`, ok: isGone, message: isGone ? 'is gone' : 'is still there' };
}

function fileChecks(answer: Answer, { path, content }: Artefact): readonly VerifyCheck[] {
  const name = nameOf(path);
  const isThere = answer.get(`file:${name}`)?.text === content;
  const differences = differencesOf(answer, name, content);
  const wrong = differences.map(({ message }) => message).join('; ');
  return [
    { name: `file ${path}`, ok: isThere, message: isThere ? 'holds what was sent' : 'does not hold what was sent' },
    { name: `interface ${name}`, ok: wrong === '', message: wrong === '' ? 'does what its file says' : wrong },
  ];
}

function vniChecks(answer: Answer, { vnis }: Expectations): readonly VerifyCheck[] {
  const known = new Set(
    [...answer].flatMap(([name, { status, text }]) => (name.startsWith('if:vxlan') && status === 0 ? [vnetidOf(text)] : [])),
  );
  return vnis.map((vni) => ({
    name: `vni ${vni}`,
    ok: known.has(vni),
    message: known.has(vni) ? 'a tunnel has it' : 'no tunnel has it',
    about: { question: 'VNI', subject: String(vni), expected: 'a tunnel', seen: known.has(vni) ? 'a tunnel' : 'none' },
  }));
}
