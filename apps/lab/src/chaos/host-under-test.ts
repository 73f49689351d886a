import type { Artefact } from '#engines/rendering';
import { attribute } from '../simulated-host/host-system.js';
import { evisOf } from '../simulated-host/host-facts.js';
import type { SimulatedHost } from '../simulated-host/index.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import type { DeviceFault, DeviceUnderTest, LiveNumbers, PushWindow } from './device-under-test.js';

const CHANGES: ReadonlySet<string> = new Set(['stage', 'apply', 'confirm', 'revert', 'recover', 'timer']);

export class HostUnderTest implements DeviceUnderTest {
  constructor(
    private readonly host: SimulatedHost,
    private readonly privateKey: string,
  ) {}

  get slug(): string {
    return this.host.slug;
  }

  get endpoint(): DeviceEndpoint {
    const { sshAddress, sshPort, sshHostKey } = this.host;
    return { address: sshAddress, port: sshPort, username: 'root', secret: this.privateKey, sshHostKeys: [sshHostKey] };
  }

  async begin(fault: DeviceFault): Promise<void> {
    if (fault === 'drops-after-apply') return this.host.failNextApply('drops the connection before answering');
    if (fault === 'reboots-before-confirm') return this.host.failNextApply('reboots before it is confirmed');
    this.host.setReachability(fault);
    if (fault === 'refuses') this.host.dropConnections();
  }

  stopRouting(): void {
    this.host.system.isRoutingUp = false;
  }

  async heal(): Promise<void> {
    this.host.system.isRoutingUp = true;
    this.host.failNextApply(null);
    this.host.setReachability('normal');
    this.host.dropConnections();
  }

  /** Byte for byte in the files; and what runs is what the files say, as `ifquery --check` and `frr-reload --test` see it. */
  differences(wanted: readonly Artefact[]): readonly string[] {
    const { system } = this.host;
    const files = wanted
      .filter(({ path, content }) => withoutSecrets(system.readFile(path) ?? '') !== withoutSecrets(content))
      .map(({ path }) => `${this.slug}: ${path} differs from render(intent)`);
    if (system.checkLiveInterfaces().status !== 0) files.push(`${this.slug}: the kernel does not run what the file says`);
    if (system.routingResidual().text !== '') files.push(`${this.slug}: FRR does not run what the file says`);
    return files;
  }

  secretsOnIt(secret: string): readonly string[] {
    return this.host.system.routing.lines.some((line) => line.includes(secret)) ? [secret] : [];
  }

  live(): LiveNumbers {
    const { interfaces } = this.host.system;
    const vnis = interfaces.flatMap((stanza) => attribute(stanza, 'vxlan-id') ?? []).map(Number);
    return { vnis, rds: evisOf(this.host.system).map(({ rd }) => rd), vlans: [] };
  }

  orphans(): readonly string[] {
    const { pendingFence } = this.host;
    return pendingFence === null ? [] : [`${this.slug}: what fence ${pendingFence} staged is still there`];
  }

  windows(): readonly PushWindow[] {
    const windows = new Map<number, PushWindow>();
    for (const { device, fence, verb, status, startedAt, endedAt } of this.host.journal.all()) {
      if (device !== this.slug || !CHANGES.has(verb) || status !== 0) continue; // What was refused changed nothing.
      const known = windows.get(fence);
      windows.set(fence, { fence, from: Math.min(known?.from ?? startedAt, startedAt), to: Math.max(known?.to ?? endedAt, endedAt) });
    }
    return [...windows.values()];
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

/** Whether it is the right one is shown by the sessions that come up. */
const withoutSecrets = (text: string): string => text.replace(/^(\s*neighbor \S+ password )\S+$/gm, '$1…');
