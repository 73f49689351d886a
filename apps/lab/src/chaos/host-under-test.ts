import type { Artefact } from '#engines/rendering';
import { attribute } from '../simulated-host/host-system.js';
import { evisOf } from '../simulated-host/host-facts.js';
import { pushSpans, type SimulatedHost } from '../simulated-host/index.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { type DeviceFault, type DeviceUnderTest, HOST_FAULTS, type LiveNumbers, type PushWindow } from './device-under-test.js';

/** inspect, stage, observe, apply, verify, confirm, and some again. */
const VERBS_OF_A_PUSH = 8;

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

  readonly faults = HOST_FAULTS;
  private struckBefore = 0;
  private fault: DeviceFault | null = null;

  async begin(fault: DeviceFault, random: () => number): Promise<void> {
    this.fault = fault;
    const { system } = this.host;
    switch (fault) {
      case 'drops-after-apply':
        return this.host.failNextApply('drops the connection before answering');
      case 'reboots-before-confirm':
        return this.host.failNextApply('reboots before it is confirmed');
      case 'reboots-anywhere':
        return this.host.rebootInstead(Math.floor(random() * VERBS_OF_A_PUSH));
      case 'disk-full':
        this.struckBefore = this.host.journal.all().length;
        system.isDiskFull = true;
        return;
      case 'ifreload-lies':
        this.struckBefore = this.host.journal.all().length;
        system.doesIfreloadLie = true;
        return;
      case 'frr-reload-halves':
        system.reloadsHalfOnce = true;
        return;
      case 'refuses':
      case 'hangs':
        this.host.setReachability(fault);
        if (fault === 'refuses') this.host.dropConnections();
        return;
      default:
        throw new Error(`a host has no fault ${fault}`);
    }
  }

  hasStruck(): boolean {
    const since = (verb: string): boolean =>
      this.host.journal
        .all()
        .slice(this.struckBefore)
        .some((entry) => entry.device === this.slug && entry.verb === verb);
    switch (this.fault) {
      case 'disk-full':
        return since('stage');
      case 'ifreload-lies':
        return since('apply');
      case 'frr-reload-halves':
        return !this.host.system.reloadsHalfOnce;
      case 'refuses':
      case 'hangs':
        return true;
      default:
        return !this.host.isFaultArmed;
    }
  }

  stopRouting(): void {
    this.host.system.isRoutingUp = false;
  }

  async heal(): Promise<void> {
    const { system } = this.host;
    system.isRoutingUp = true;
    system.isDiskFull = system.doesIfreloadLie = system.reloadsHalfOnce = false;
    this.fault = null;
    this.host.failNextApply(null);
    this.host.rebootInstead(null);
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
    return pushSpans(this.host.journal.all().filter(({ device }) => device === this.slug));
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

/** Whether it is the right one is shown by the sessions that come up. */
const withoutSecrets = (text: string): string => text.replace(/^(\s*neighbor \S+ password )\S+$/gm, '$1…');
