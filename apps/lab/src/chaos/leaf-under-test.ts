import { ownedText } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import { decodePassword } from '../eos-simulator/config/neighbor-password.js';
import type { EosSimulator, FaultKind } from '../eos-simulator/index.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { pause } from './timing.js';
import type { DeviceFault, DeviceUnderTest, LiveNumbers, PushWindow } from './device-under-test.js';

export const EAPI_USER = { username: 'trame', password: 'trame-chaos' } as const;

/** Milliseconds that a reload keeps a leaf off the network. */
export const LEAF_BOOT_MS = 800;
/** More requests than anybody makes while a switch hangs. */
const MANY = 200;
const isCommit = (commands: readonly string[]): boolean => commands.some((command) => command.startsWith('commit timer'));

export class LeafUnderTest implements DeviceUnderTest {
  private fault: DeviceFault | null = null;

  constructor(
    readonly slug: string,
    private readonly leaf: EosSimulator,
  ) {}

  get endpoint(): DeviceEndpoint {
    const { address, port, spkiSha256 } = this.leaf;
    return { address, port, username: EAPI_USER.username, secret: EAPI_USER.password, tlsSpkiSha256: [spkiSha256] };
  }

  async begin(fault: DeviceFault): Promise<void> {
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
    }
  }

  async heal(): Promise<void> {
    const { fault } = this;
    this.fault = null;
    this.leaf.faults.clear();
    if (fault === 'hangs') await this.leaf.disconnect();
    if (fault === 'hangs' || fault === 'refuses') await this.leaf.connect();
    if (fault === 'reboots-before-confirm') await pause(LEAF_BOOT_MS + 200); // It may be at it just now.
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
