/**
 * What deployment needs of a device, whatever speaks to it. One implementation for hosts (SSH), one for EOS (eAPI).
 *
 * Order of calls in a push: open → inspect → stage → apply → verify → confirm (or revert) → close.
 * Between any two calls the process may die: the device then reverts by itself (dead-man timer), and the next push
 * finds the remains by `inspect().pending` and undoes them with `recover`.
 */
import { DomainError } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';

/** How to reach a device and what proves that it is the right one. Secrets are resolved just before the push. */
export interface DeviceTarget {
  readonly slug: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  /** SSH: private key in OpenSSH format. eAPI: password. */
  readonly secret: string;
  /** SSH: accepted host keys, `ssh-ed25519 AAAA…`. There is no trust on first use: an empty list refuses. */
  readonly sshHostKeys: readonly string[];
  /** eAPI: accepted SHA-256 pins of the certificate's SPKI, base64. */
  readonly tlsSpkiSha256: readonly string[];
  /** Of the chassis, as the inventory has them; where one is known, a box with another one is refused (WRONG_DEVICE). */
  readonly serialNumber?: string;
  readonly systemMac?: string;
  /** EOS. `FULL`: whatever is configured of VLANs, ports, tunnels and routing is ours, a stranger's lines go. Default `SECTION`: strangers' lines stay. */
  readonly managed?: 'SECTION' | 'FULL';
  /** Whose device it is; what other installations could push to, too, is told, and refuses another one. */
  readonly fabricId?: string;
  /** What `@secret:NAME@` stands for, for the names that are set; see wire-secrets.ts. Functions, so that nothing prints it. */
  readonly secrets?: SecretSource;
}

export interface SecretSource {
  readonly names: readonly string[];
  resolve(name: string): string | undefined;
}

/** Identifies one execution; it is written on the device, so that an older execution can be refused there too. */
export interface PushIdentity {
  readonly planId: string;
  readonly revision: number;
  /** Fencing number of the device's lease: strictly rising per device. */
  readonly fence: number;
  /** A person has said so: the way by which this device is managed may change. Without it, a change of it is CONFIG_REFUSED. */
  readonly mayTouchManagement?: boolean;
}

export interface PendingPush {
  readonly fence: number;
  /** True while a change is live but not confirmed; false when it was only staged. */
  readonly applied: boolean;
}

export interface DeviceFindings {
  readonly hostname: string;
  /** Free text such as `FRR 8.4.4, ifupdown2 3.0.0` or `EOS 4.32.1F`. */
  readonly version: string;
  /** Present content of every path asked for; null where the file (or the section) does not exist. */
  readonly actual: ReadonlyMap<string, string | null>;
  readonly pending: PendingPush | null;
  /** BGP neighbors that are Established now: none of them may be lost by the push. */
  readonly establishedNeighbors: readonly string[];
  /** The push that the device took back by itself, because nobody confirmed it, until another one is confirmed; null or absent: none. */
  readonly selfReverted?: { readonly fence: number; readonly by: 'TIMER' | 'BOOT' } | null;
  /** False: after a reboot in the middle of a push only the next push undoes it. Absent: the device never needs a hook for that. */
  readonly undoesAtBoot?: boolean;
  /** What the box says of itself; empty where it says nothing. Absent: its transport proves identity in another way. */
  readonly chassis?: Chassis;
}

export interface Chassis {
  readonly serialNumber: string;
  readonly systemMac: string;
}

/** What a device must not lose by a change: read before it goes live, after each step and while a wave soaks. */
export interface DeviceVitals {
  /** BGP neighbors that are Established, by address. */
  readonly establishedNeighbors: readonly string[];
  /** VTEPs that the control plane knows, of whatever VNI, each once. */
  readonly remoteVteps: readonly string[];
  /** BGP neighbors in VRFs that are Established, `blue 10.0.0.1`. Absent: not read. */
  readonly vrfNeighbors?: readonly string[];
  /** Absent: not read, or no pair. */
  readonly mlag?: MlagState;
}

/** As EOS says it in `show mlag`: `active`, `connected`, `up`, `consistent` where all is well. */
export interface MlagState {
  readonly state: string;
  readonly negotiation: string;
  readonly peerLink: string;
  readonly sanity: string;
}

/** Who wrote a file last. */
export interface FileTrace {
  readonly modifiedSecondsAgo: number;
  readonly owner: string;
}

/** Findings with what tells drift: what runs beside what is stored, and traces of whoever changed it. */
export interface DeviceCollection extends Pick<DeviceFindings, 'version' | 'actual' | 'pending'> {
  /** What runs, by the path that it is stored in; null: nothing answered. A path that is not here runs what it stores. */
  readonly running: ReadonlyMap<string, string | null>;
  /** What the next reload boots, null: nothing was ever saved. Undefined where files are what is booted. */
  readonly startup?: string | null;
  /** Objects that do not look as the stored text says: `iface vxlan10001`, `mtu is "1400"`. */
  readonly live: readonly { readonly path: string; readonly subject: string; readonly message: string }[];
  readonly traces: ReadonlyMap<string, FileTrace>;
  /** Since the last boot; null: unknown. */
  readonly upSeconds: number | null;
}

export interface StagedChange {
  /** Unified diff for people, empty when the device already has what is wanted. */
  readonly diff: string;
  readonly isNoop: boolean;
}

/** What must hold on the device after `apply`; made from the DeviceIntent. */
export interface Expectations {
  /** VNIs that the control plane must know locally. */
  readonly vnis: readonly number[];
  /** Neighbors that must be Established. */
  readonly neighbors: readonly string[];
  /** Checked only when present: the VTEPs that must be known per VNI (end-to-end check after all devices are done). */
  readonly remoteVteps?: ReadonlyMap<number, readonly string[]>;
  /** Checked only when present: RD and route targets that must be in use for a VNI of its own. Where it is not, the text of the artefacts tells. */
  readonly evis?: ReadonlyMap<number, ExpectedEvi>;
  /** Checked only when present: inclusive multicast routes (type 3) that must have been learned, with RD and route target, per VNI. */
  readonly routes?: ReadonlyMap<number, readonly ExpectedRoute[]>;
  /** Checked only when present: MACs that other VTEPs have announced (type 2), per VNI. */
  readonly macs?: ReadonlyMap<number, readonly ExpectedMac[]>;
  /** Checked only when present: subnets that other VTEPs have announced (type 5), per L3 VNI. */
  readonly prefixes?: ReadonlyMap<number, readonly ExpectedPrefix[]>;
  /** Checked only when present: neighbors in VRFs that must be Established, `blue 10.0.0.1`. */
  readonly vrfNeighbors?: readonly string[];
  /** Checked only when present: as the pair was; it may be better now, and not worse. */
  readonly mlag?: MlagState;
  /** Checked only when present: who must answer to a packet of that many octets that nobody may cut up. A gateway, or another VTEP at the underlay's MTU. */
  readonly paths?: readonly ExpectedPath[];
  /** Checked only when present: addresses without prefix length, by interface. */
  readonly addresses?: readonly { readonly port: string; readonly address: string }[];
}

export interface ExpectedRoute {
  readonly vtep: string;
  /** `172.16.1.51:1` */
  readonly rd: string;
  /** `65051:10001` */
  readonly target: string;
}

export interface ExpectedEvi {
  readonly rd: string;
  readonly importTargets: readonly string[];
  readonly exportTargets: readonly string[];
}

export interface ExpectedMac extends ExpectedRoute {
  /** `bc:24:11:00:00:01` */
  readonly mac: string;
}

export interface ExpectedPrefix extends ExpectedRoute {
  /** `10.20.0.0/24` */
  readonly prefix: string;
}

export interface ExpectedPath {
  /** Address, or interface. */
  readonly from: string;
  readonly to: string;
  /** Whole IP packet, headers included. */
  readonly octets: number;
}

/** What a check is about, so that its result can be kept with the networks that stand on it. */
export type ProofQuestion = 'VNI' | 'REMOTE_VTEPS' | 'ROUTES' | 'MACS' | 'PREFIXES' | 'PATH_MTU' | 'GATEWAY' | 'SESSIONS' | 'MLAG';

export interface VerifyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was expected and what was found. */
  readonly message: string;
  /** Nobody could look, and `message` says why: it is not ok, and nothing fails by it. */
  readonly isUnchecked?: true;
  /** Absent: the configuration as such. */
  readonly about?: {
    readonly question: ProofQuestion;
    /** VNI or L3 VNI, VTEP at the other end of a path, `port address`, neighbor; empty: the device as a whole. */
    readonly subject: string;
    readonly expected: string;
    readonly seen: string;
  };
}

export interface VerifyReport {
  /** No check has failed. */
  readonly ok: boolean;
  /** One entry per check. */
  readonly checks: readonly VerifyCheck[];
}

export const hasFailed = ({ ok, isUnchecked }: VerifyCheck): boolean => !ok && isUnchecked !== true;

export interface DeviceConnection {
  /** Reads only. `paths` are artefact paths; `previous` is what we last confirmed (EOS: which lines are ours). */
  inspect(paths: readonly string[]): Promise<DeviceFindings>;
  /**
   * Reads only, and quickly: a rollout asks every second. Absent: `inspect([])` is asked instead, and the watch sees sessions but no VTEPs.
   * @throws TransportError UNREACHABLE: management is lost.
   */
  observe?(): Promise<DeviceVitals>;
  /** Reads only, for drift: without a lease, and it leaves nothing on the device. Absent: `inspect` is asked, and only stored texts are compared. */
  collect?(paths: readonly string[]): Promise<DeviceCollection>;
  /**
   * Undoes what an earlier execution left (staged or unconfirmed). Idempotent.
   * @param confirmed what we last confirmed, for devices that cannot go back by themselves.
   */
  recover(push: PushIdentity, confirmed?: readonly Artefact[]): Promise<void>;
  /**
   * Puts the new configuration beside the old one and lets the device check it. Nothing is live afterwards.
   * `previous` are the artefacts last confirmed by us: lines that are in them and no longer wanted are removed,
   * lines that are in neither are foreign and stay.
   * @throws TransportError CONFIG_REFUSED with the device's own words; the staged remains are cleaned up.
   * @throws TransportError STALE_FENCE when the device has seen a newer execution; STALE_REVISION when it carries a later revision.
   */
  stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<StagedChange>;
  /** Makes the staged change live with a dead-man timer on the device: unconfirmed, it is undone after that time. */
  apply(push: PushIdentity, confirmWithinSeconds: number): Promise<void>;
  /** Over a NEW connection: is it live, equal to what was staged, and does the protocol state hold? Polls until `withinMs`. */
  verify(push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations, withinMs: number): Promise<VerifyReport>;
  /** Reads only: MACs of guests that are on this device itself, per VNI. Absent: the platform is not asked. */
  localMacs?(vnis: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>>;
  /** Stops the dead-man timer; after this the change stays. Idempotent. */
  confirm(push: PushIdentity): Promise<void>;
  /** Undoes at once what `stage` or `apply` did, and proves it. Idempotent. */
  revert(push: PushIdentity): Promise<void>;
  close(): Promise<void>;
}

export interface DeviceTransport {
  /**
   * @param signal aborts everything under way: the lease was lost, another execution may already be at work.
   * @throws TransportError UNREACHABLE | WRONG_HOST_KEY | WRONG_DEVICE | AUTHENTICATION_FAILED
   */
  open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection>;
}

export type TransportErrorCode =
  | 'UNREACHABLE'
  | 'WRONG_HOST_KEY'
  | 'WRONG_DEVICE'
  | 'AUTHENTICATION_FAILED'
  | 'CONFIG_REFUSED'
  | 'STALE_FENCE'
  | 'STALE_REVISION'
  | 'PUSH_IN_PROGRESS'
  | 'APPLY_FAILED'
  | 'VERIFY_FAILED'
  | 'OUTCOME_UNKNOWN'
  | 'REVERT_UNPROVEN'
  | 'ABORTED';

/** OUTCOME_UNKNOWN: the request was sent and no answer came; only reading the device can tell what happened. */
export class TransportError extends DomainError<TransportErrorCode, TransportFacts> {}

export interface TransportFacts extends Readonly<Record<string, unknown>> {
  readonly device: string;
  readonly detail: string;
  /** Of STALE_REVISION: what the device carries, and what was to be pushed. */
  readonly carriedRevision?: number;
  readonly pushedRevision?: number;
}

/** The device carries a later revision than the one of the push. @param detail in the device's words */
export function staleRevision(device: string, detail: string, carriedRevision: number, pushedRevision: number): TransportError {
  const wayOut = 'where the database was restored from a backup, raise its revision (docs/operations/backup-and-restore.md)';
  return new TransportError('STALE_REVISION', `${device}: ${detail}; ${wayOut}`, { device, detail, carriedRevision, pushedRevision });
}
