/** One push to one host, from inspection to confirmation. See push-program.ts for what happens on the host. */
import type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceVitals,
  Expectations,
  PushIdentity,
  StagedChange,
  VerifyReport,
} from '#contexts/deployment/ports';
import { invalidValue, isDomainError } from '#engines/kernel';
import type { Answer } from './answer.js';
import type { OvsTransaction } from '#engines/reconcile';
import { observedOnHost } from './collect-host.js';
import { configDiff } from './config-diff.js';
import { establishedNeighbors, frrJson, remoteVteps, vrfNeighbors } from './frr-report.js';
import { type Check, configurationChecks, protocolChecks } from './host-checks.js';
import { type Artefact, HOST_FILES, type HostFile, hostFileAt, hostFileOf, type HostSlot } from './host-file.js';
import { encodeProbes, MACS_PROBE, macsOf, probeChecks } from './probes.js';
import { fenceOf, pendingCheck, pendingOf } from './pending-push.js';
import type { PushClient } from './push-client.js';
import { transportError } from './ssh-session.js';
import { encodeStageRequest } from './stage-request.js';
import { describeTransaction, OVS_ROWS, switchTransaction } from './switch-transaction.js';
import { verifyUntil } from './verify-until.js';

/** Between two looks at the protocol state: BGP needs some 2 s to come up, one look costs the host some 60 ms. */

type Contents = ReadonlyMap<HostSlot, string | null>;

export class HostConnection implements DeviceConnection {
  /** What the host had when this connection staged: the proof of an undo is that the host has it again. */
  private before: Contents | null = null;
  /** What it had when this connection looked; null where that is over, or something of a push is left there. */
  private seen: Contents | null = null;
  /** Nothing was staged, because nothing is to be done: then there is nothing to undo either. */
  private isLeftAlone = false;

  constructor(
    private readonly device: string,
    private readonly client: PushClient,
  ) {}

  async inspect(paths: readonly string[]): Promise<DeviceFindings> {
    const files = paths.map(ownedFile);
    const answer = await this.client.call('inspect');
    const contents = contentsOf(answer);
    this.seen = pendingOf(answer) === null ? contents : null;
    return {
      hostname: answer.get('hostname')?.text.trim() ?? '',
      version: versionOf(answer),
      actual: new Map(files.map(({ path, slot }) => [path, contents.get(slot) ?? null])),
      pending: pendingOf(answer),
      establishedNeighbors: establishedNeighbors(frrJson(answer.get('bgp'))),
      selfReverted: selfRevertedOf(answer),
      undoesAtBoot: answer.get('boot')?.text.trim() === 'yes',
    };
  }

  async observe(): Promise<DeviceVitals> {
    const answer = await this.client.call('observe');
    const vteps = [...remoteVteps(frrJson(answer.get('vnis'))).values()].flat();
    return {
      establishedNeighbors: establishedNeighbors(frrJson(answer.get('bgp'))),
      remoteVteps: [...new Set(vteps)].sort(),
      vrfNeighbors: vrfNeighbors(frrJson(answer.get('vrfs'))),
    };
  }

  async localMacs(vnis: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
    const macs = macsOf(await this.client.call('protocol', [], MACS_PROBE), vnis);
    if (macs === null) throw transportError('UNREACHABLE', this.device, 'zebra does not answer');
    return macs;
  }

  async collect(paths: readonly string[]): Promise<DeviceCollection> {
    const answer = await this.client.call('collect');
    const contents = contentsOf(answer);
    return {
      version: packagesOf(answer),
      actual: new Map(paths.map((path) => [path, contents.get(ownedFile(path).slot) ?? null])),
      pending: pendingOf(answer),
      ...observedOnHost(answer),
    };
  }

  async recover(push: PushIdentity): Promise<void> {
    await this.client.call('recover', [fenceOf(push)]);
  }

  async stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<StagedChange> {
    const files = this.wantedContents(artefacts, previous);
    const change = files.has('ovs') ? await this.switchChange(artefacts) : null;
    this.isLeftAlone = await this.doesAlready(files, artefacts, change);
    if (this.isLeftAlone) return { diff: '', isNoop: true };
    const request = encodeStageRequest({
      planId: planIdOf(push),
      revision: push.revision,
      isForced: push.mayTouchManagement === true,
      files,
      transaction: change?.argv ?? [],
    });
    const answer = await this.client.call('stage', [fenceOf(push)], request);
    const before = contentsOf(answer);
    this.before = before;
    const slots = [...new Set([...HOST_FILES.map(({ slot }) => slot), ...before.keys(), ...files.keys()])];
    const diffs = slots.map((slot) =>
      configDiff(pathOf(slot), before.get(slot) ?? null, files.has(slot) ? (files.get(slot) ?? null) : (before.get(slot) ?? null)),
    );
    const drift = answer.has('residual') ? configurationChecks(answer, artefacts).filter(({ ok }) => !ok) : [];
    const diff = [
      ...diffs,
      change ? describeTransaction(change) : '',
      ...drift.map(({ name, message }) => `# drift, ${name}: ${message}\n`),
    ].join('');
    return { diff, isNoop: diff === '' };
  }

  async apply(push: PushIdentity, confirmWithinSeconds: number): Promise<void> {
    if (!Number.isInteger(confirmWithinSeconds) || confirmWithinSeconds < 1 || confirmWithinSeconds > 3_600) {
      throw invalidValue('time to confirm', confirmWithinSeconds, 'whole seconds from 1 to 3600');
    }
    await this.client.call('apply', [fenceOf(push), confirmWithinSeconds]);
  }

  verify(push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations, withinMs: number): Promise<VerifyReport> {
    let configuration: readonly Check[] = [];
    return verifyUntil(this.client, withinMs, async () => {
      // Without a text there is nothing but the protocol to ask for.
      const isSettled = artefacts.length === 0 || (configuration.length > 0 && configuration.every(({ ok }) => ok));
      const answer = await this.client.call(isSettled ? 'protocol' : 'verify', [], encodeProbes(expectations));
      if (!isSettled) {
        const onSwitch = artefacts.some(({ path }) => path === OVS_ROWS) ? [this.switchCheck(answer, artefacts)] : [];
        configuration = [pendingCheck(answer, push), ...configurationChecks(answer, artefacts), ...onSwitch];
      }
      return [...configuration, ...protocolChecks(answer, artefacts, expectations), ...probeChecks(answer, expectations)];
    });
  }

  async confirm(push: PushIdentity): Promise<void> {
    await this.client.call('confirm', [fenceOf(push)]);
  }

  async revert(push: PushIdentity): Promise<void> {
    if (this.isLeftAlone) return;
    const now = contentsOf(await this.client.call('revert', [fenceOf(push)]));
    const { before } = this;
    const wrong =
      before === null
        ? []
        : [...new Set([...before.keys(), ...now.keys()])].filter((slot) => (before.get(slot) ?? null) !== (now.get(slot) ?? null));
    if (wrong.length === 0) return;
    const paths = wrong.map(pathOf).join(' and ');
    throw transportError('REVERT_UNPROVEN', this.device, `${paths} does not hold the bytes that were there before`);
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }

  /** Read and not staged: a host that has and runs everything is not written to. */
  private async doesAlready(files: Contents, artefacts: readonly Artefact[], change: OvsTransaction | null): Promise<boolean> {
    const { seen } = this;
    this.seen = null;
    if (seen === null || [...files].some(([slot, wanted]) => (seen.get(slot) ?? null) !== wanted)) return false;
    if (change !== null && describeTransaction(change) !== '') return false;
    const answer = await this.client.call('verify', [], encodeProbes({ vnis: [], neighbors: [] }));
    const now = contentsOf(answer);
    const isSame = pendingOf(answer) === null && [...files].every(([slot, wanted]) => (now.get(slot) ?? null) === wanted);
    return isSame && configurationChecks(answer, artefacts).every(({ ok }) => ok);
  }

  /** What was ours and is no longer wanted shall not exist. */
  private wantedContents(artefacts: readonly Artefact[], previous: readonly Artefact[]): Contents {
    const contents = new Map<HostSlot, string | null>();
    for (const { path } of previous) contents.set(ownedFile(path).slot, null);
    for (const artefact of artefacts) {
      const { slot, mode, owner } = ownedFile(artefact.path);
      if (artefact.mode !== mode || artefact.owner !== owner) {
        const found = `mode 0${artefact.mode.toString(8)}, owner ${artefact.owner}`;
        throw transportError(
          'CONFIG_REFUSED',
          this.device,
          `${artefact.path} has mode 0${mode.toString(8)} and owner ${owner}, not ${found}`,
        );
      }
      contents.set(slot, artefact.content);
    }
    return contents;
  }

  private async switchChange(artefacts: readonly Artefact[]): Promise<OvsTransaction> {
    const answer = await this.client.call('switch');
    return switchTransaction(this.device, artefacts, contentsOf(answer).get('ovs') ?? null, answer.get('switch'));
  }

  private switchCheck(answer: Answer, artefacts: readonly Artefact[]): Check {
    const name = 'open vswitch';
    try {
      const left = describeTransaction(
        switchTransaction(this.device, artefacts, contentsOf(answer).get('ovs') ?? null, answer.get('switch')),
      );
      const message = left === '' ? 'the rows are as the file says' : `the rows are not as the file says: ${left.replaceAll('\n', ' ')}`;
      return { name, ok: left === '', message };
    } catch (error) {
      if (!isDomainError(error)) throw error;
      return { name, ok: false, message: error.message };
    }
  }
}

function contentsOf(answer: Answer): Contents {
  return new Map(
    [...answer].flatMap(([name, part]): [HostSlot, string | null][] => {
      const file = hostFileOf(name);
      return file === null ? [] : [[file.slot, part.status === 0 ? part.text : null]];
    }),
  );
}

const pathOf = (slot: HostSlot): string => hostFileOf(slot)?.path ?? slot;

function selfRevertedOf(answer: Answer): NonNullable<DeviceFindings['selfReverted']> | null {
  const [, fence, by] = /^(\d+) (timer|boot)$/.exec(answer.get('undone')?.text.trim() ?? '') ?? [];
  return fence === undefined ? null : { fence: Number(fence), by: by === 'boot' ? 'BOOT' : 'TIMER' };
}

/** `frr 8.4.4-1.1~deb12u2, ifupdown2 3.0.0-1.1`; and whether FRR runs at all. */
function versionOf(answer: Answer): string {
  const packages = packagesOf(answer);
  return frrJson(answer.get('bgp')) === null ? `${packages} (FRR does not answer)` : packages;
}

const packagesOf = (answer: Answer): string =>
  (answer.get('packages')?.text ?? '')
    .trim()
    .split('\n')
    .map((line) => line.replace('\t', ' '))
    .join(', ');

function ownedFile(path: string): HostFile {
  const file = hostFileAt(path);
  if (file === null)
    throw invalidValue(
      'path on a host',
      path,
      `one of ${HOST_FILES.map((known) => known.path).join(', ')}, /etc/trame/libvirt/networks/*.xml`,
    );
  return file;
}

function planIdOf({ planId }: PushIdentity): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(planId))
    throw invalidValue('plan id', planId, '1 to 64 letters, digits, dots, hyphens or underscores');
  return planId;
}
