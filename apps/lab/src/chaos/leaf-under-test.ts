import { ownedText } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import { decodePassword } from '../eos-simulator/config/neighbor-password.js';
import type { EosSimulator, FaultKind } from '../eos-simulator/index.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { pause } from './timing.js';
import { type DeviceFault, type DeviceUnderTest, LEAF_FAULTS, type LiveNumbers, type PushWindow } from './device-under-test.js';

export const EAPI_USER = { username: 'trame', password: 'trame-chaos' } as const;

/** Milliseconds that a reload keeps a leaf off the network. */
export const LEAF_BOOT_MS = 800;
/** More requests than anybody makes while a switch hangs. */
const MANY = 200;
/** Requests that a push makes, about; a reload comes at any of them. */
const REQUESTS_OF_A_PUSH = 20;
/** Some request of the next push: each may be the one. */
function after(random: () => number): () => boolean {
  let left = Math.floor(random() * REQUESTS_OF_A_PUSH);
  return () => left-- <= 0;
}
/** What somebody left who died long ago: EOS takes five sessions, and no sixth. */
const STALE = ['trame-0-0-1', 'trame-0-0-2', 'trame-0-0-3', 'trame-0-0-4', 'trame-0-0-5'] as const;
const isCommit = (commands: readonly string[]): boolean => commands.some((command) => command.startsWith('commit timer'));

export class LeafUnderTest implements DeviceUnderTest {
  readonly faults = LEAF_FAULTS;
  private fault: DeviceFault | null = null;

  constructor(
    readonly slug: string,
    private readonly leaf: EosSimulator,
  ) {}

  get endpoint(): DeviceEndpoint {
    const { address, port, spkiSha256 } = this.leaf;
    return { address, port, username: EAPI_USER.username, secret: EAPI_USER.password, tlsSpkiSha256: [spkiSha256] };
  }

  async begin(fault: DeviceFault, random: () => number): Promise<void> {
    this.fault = fault;
    switch (fault) {
      case 'refuses':
        return this.leaf.disconnect();
      case 'hangs':
        return this.leaf.faults.add(...Array.from({ length: MANY }, () => ({ kind: 'hang' as FaultKind })));
      case 'drops-after-apply':
        return this.leaf.faults.add({ kind: 'reset-after', when: isCommit });
      case 'reboots-before-confirm':
        return this.leaf.faults.add({ kind: 'reboot-after', when: isCommit });
      case 'cut-before-apply':
        return this.leaf.faults.add({ kind: 'reset-before', when: isCommit });
      case 'cut-in-answer':
        return this.leaf.faults.add({ kind: 'reset-in-body', when: after(random) });
      case 'error-inside-200':
        return this.leaf.faults.add({ kind: 'truncated-json', when: after(random) });
      case 'reboots-anywhere':
        return this.leaf.faults.add({ kind: random() < 0.5 ? 'reboot-before' : 'reboot-after', when: after(random) });
      case 'stale-sessions':
        return this.leaveSessions();
      default:
        throw new Error(`a switch has no fault ${fault}`);
    }
  }

  private leaveSessions(): void {
    const { sessions } = this.leaf.device;
    for (const name of STALE)
      if (sessions.list().filter(({ state }) => state === 'pending').length < STALE.length) sessions.enter(name, 'trame');
  }

  private get stale(): readonly string[] {
    return this.leaf.device.sessions
      .list()
      .flatMap(({ name, state }) => (STALE.some((one) => one === name) && state !== 'completed' ? [name] : []));
  }

  hasStruck(): boolean {
    if (this.fault === 'hangs' || this.fault === 'refuses') return true;
    return this.fault === 'stale-sessions' ? this.stale.length === 0 : this.leaf.faults.armed === 0;
  }

  async heal(): Promise<void> {
    const { fault } = this;
    this.fault = null;
    this.leaf.faults.clear();
    for (const name of this.stale) await this.leaf.device.sessions.abort(name); // Nobody came by.
    if (fault === 'hangs') await this.leaf.disconnect();
    if (fault === 'hangs' || fault === 'refuses') await this.leaf.connect();
    if (fault === 'reboots-before-confirm' || fault === 'reboots-anywhere') await pause(LEAF_BOOT_MS + 200); // It may be at it just now.
  }

  /** Our lines as they stand in the running-config; no network too many; and a reload would change nothing. */
  differences(wanted: readonly Artefact[], { vnis, rds }: Pick<LiveNumbers, 'vnis' | 'rds'>): readonly string[] {
    const { device } = this.leaf;
    const live = this.live();
    const found = wanted
      .filter(
        ({ content }) =>
          withoutSecrets(ownedText(device.runningConfig(), withSecretsOf(device.runningConfig(), content))) !== withoutSecrets(content),
      )
      .map(() => `${this.slug}: our lines in the running-config differ from render(intent)`);
    if (!isSame(live.vnis, vnis)) found.push(`${this.slug}: VNIs ${odd(live.vnis, vnis)} are live or missing`);
    if (!isSame(live.rds, rds)) found.push(`${this.slug}: route distinguishers ${odd(live.rds, rds)} are live or missing`);
    if (body(device.startupConfig()) !== body(device.runningConfig())) found.push(`${this.slug}: a reload would lose what is live`);
    return found;
  }

  secretsOnIt(secret: string): readonly string[] {
    const lines = this.leaf.device.runningConfig().matchAll(/neighbor (\S+) password 7 (\S+)/g);
    return [...lines].flatMap(([, peer = '', code = '']) => (decodePassword(peer, code) === secret ? [code] : []));
  }

  live(): LiveNumbers {
    const { mappings, bgp } = this.leaf.device.current;
    return {
      vnis: mappings.map(({ vni }) => vni),
      rds: (bgp?.macVrfs ?? []).flatMap(({ rd }) => rd ?? []),
      vlans: mappings.map(({ vlan }) => vlan),
    };
  }

  orphans(): readonly string[] {
    const { sessions } = this.leaf.device;
    const open = sessions.list().filter(({ name, state }) => name.startsWith('trame-') && state !== 'completed');
    return open.map(({ name, state }) => `${this.slug}: the session ${name} is ${state}`);
  }

  windows(): readonly PushWindow[] {
    const windows = new Map<number, PushWindow>();
    for (const { session, startedAt, endedAt } of this.leaf.device.journal.pushes) {
      if (STALE.some((one) => one === session)) continue;
      const fence = Number(/^trame-\d+-(\d+)-\d+$/.exec(session)?.[1] ?? Number.NaN);
      if (Number.isNaN(fence)) continue;
      const known = windows.get(fence);
      const to = endedAt ?? Number.POSITIVE_INFINITY;
      windows.set(fence, { fence, from: Math.min(known?.from ?? startedAt, startedAt), to: Math.max(known?.to ?? to, to) });
    }
    return [...windows.values()];
  }

  close(): Promise<void> {
    return this.leaf.close();
  }
}

/** Without the lines that say where a configuration comes from, and without those of a colleague who saves when he likes. */
const body = (config: string): string =>
  config
    .replace(/^(?:!.*\n)*/, '')
    .replace(/^end\n?/m, '')
    .replace(/^logging host .*\n/gm, '')
    .replace(/^!\n/gm, '');
const isSame = <T>(a: readonly T[], b: readonly T[]): boolean => a.length === b.length && odd(a, b) === '';
const odd = <T>(a: readonly T[], b: readonly T[]): string =>
  [...a.filter((one) => !b.includes(one)), ...b.filter((one) => !a.includes(one))].join(', ');

/** Whether it is the right one is shown by the sessions that come up. */
const withoutSecrets = (text: string): string => text.replace(/^(\s*neighbor \S+ password 7 )\S+$/gm, '$1…');

/** Placeholders become what the switch has in their place. */
const withSecretsOf = (running: string, wanted: string): string =>
  wanted.replace(/(neighbor (\S+) password 7 )@secret:\S+@/g, (line, head: string, peer: string) => {
    const [, code] = new RegExp(`neighbor ${peer.replaceAll('.', '\\.')} password 7 (\\S+)`).exec(running) ?? [];
    return code === undefined ? line : `${head}${code}`;
  });
