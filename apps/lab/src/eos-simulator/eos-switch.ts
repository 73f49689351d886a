/** The switch without its network socket: configurations, sessions, a clock, and what its neighbors tell it. */
import { createHash } from 'node:crypto';
import type { SimulatedFabric } from '../simulated-fabric.js';
import type { Clock } from './clock.js';
import type { Section } from './config/section.js';
import { type Hardware, loadConfig } from './config/load-config.js';
import { printConfig } from './config/print-config.js';
import { ConfigSessions } from './config-sessions.js';
import { type ControlPlane, type Dataplane, FabricControlPlane, simulatedFacts } from './control-plane.js';
import { Journal } from './journal.js';
import { Syslog } from './syslog.js';
import { readSwitchState, type SwitchState } from './switch-state.js';

export interface SwitchOptions {
  readonly slug: string;
  /** EOS release, e.g. `4.32.1F`: decides the shape of session details and how mappings are printed. */
  readonly release: string;
  readonly startupConfig: string;
  readonly hardware: Hardware;
  readonly clock: Clock;
  readonly fabric: SimulatedFabric;
  /** As on the label of the chassis; by default its own for each slug, and always the same one. */
  readonly serialNumber?: string;
  /** `00:1c:73:aa:bb:01`; default as for the serial number. */
  readonly systemMac?: string;
  /** In place of the simulated control plane. */
  readonly dataplane?: Dataplane;
}

export class EosSwitch {
  readonly sessions: ConfigSessions;
  readonly journal: Journal;
  readonly syslog: Syslog;
  readonly controlPlane: ControlPlane;
  /** A broken flash: saving is answered as always, and nothing is written. */
  losesSaves = false;
  private config: Section;
  private startup: string;
  private bootedAt: number;
  private state: SwitchState;
  private isPoweredOn = true;
  /** Changes take effect one after the other. */
  private applying: Promise<void> = Promise.resolve();

  constructor(private readonly options: SwitchOptions) {
    const { clock, fabric, slug } = options;
    this.startup = options.startupConfig;
    this.config = loadConfig(this.startup, options.hardware);
    this.state = readSwitchState(this.config);
    this.bootedAt = clock.now();
    this.journal = new Journal(clock);
    this.syslog = new Syslog(clock);
    this.sessions = new ConfigSessions(
      { running: () => this.config, replace: (config) => this.replaceRunning(config) },
      clock,
      (event, session) => {
        this.journal.sessionEvent(event, session);
        this.syslog.ended(event, session);
      },
    );
    this.controlPlane = options.dataplane ?? new FabricControlPlane(slug, fabric, () => this.state);
    // A data plane has real neighbors; the simulated ones are told nothing of it.
    if (options.dataplane === undefined) fabric.register({ slug, facts: () => (this.isPoweredOn ? simulatedFacts(this.state) : null) });
  }

  get release(): string {
    return this.options.release;
  }

  get serialNumber(): string {
    return this.options.serialNumber ?? `SIM${this.label.slice(0, 8).toUpperCase()}`;
  }

  get systemMac(): string {
    return this.options.systemMac ?? `00:1c:73:${this.label.slice(0, 6).replace(/(..)(?=.)/g, '$1:')}`;
  }

  private get label(): string {
    return createHash('sha256').update(this.options.slug).digest('hex');
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get running(): Section {
    return this.config;
  }

  get current(): SwitchState {
    return this.state;
  }

  /** Seconds since the last boot: EOS counts commit timers in it. */
  uptime(at = this.clock.now()): number {
    return (at - this.bootedAt) / 1000;
  }

  /** False when the configuration has no eAPI: the switch does not answer then, whatever it does. */
  get hasApi(): boolean {
    return this.config.sections.get('management api http-commands')?.has('no shutdown') === true;
  }

  runningConfig(): string {
    return `! Command: show running-config\n${this.heading()}${printConfig(this.config, this.release)}`;
  }

  startupConfig(): string {
    return `! Command: show startup-config\n${this.startup}`;
  }

  print(config: Section): string {
    return printConfig(config, this.release);
  }

  /** EOS's own hash: changes when and only when the canonical configuration changes. */
  digest(): string {
    return createHash('sha1').update(printConfig(this.config, this.release)).digest('hex');
  }

  save(): void {
    if (this.losesSaves) return;
    this.startup = this.heading() + printConfig(this.config, this.release);
  }

  /** Somebody in configuration mode, outside any session: each command counts at once. */
  async runningEdited(): Promise<void> {
    await this.replaceRunning(this.config);
  }

  async start(): Promise<void> {
    await this.replaceRunning(this.config);
  }

  /** A reload: startup-config, no sessions, no timer. */
  async reboot(): Promise<void> {
    this.sessions.clear();
    this.bootedAt = this.clock.now();
    await this.replaceRunning(loadConfig(this.startup, this.options.hardware));
  }

  setPower(isOn: boolean): void {
    this.isPoweredOn = isOn;
  }

  private async replaceRunning(config: Section): Promise<void> {
    this.config = config;
    this.state = readSwitchState(config);
    const { dataplane } = this.options;
    if (dataplane === undefined) return;
    const { state } = this;
    this.applying = this.applying.catch(() => undefined).then(() => dataplane.apply(state));
    await this.applying;
  }

  private heading(): string {
    return `! device: ${this.state.hostname} (vEOS-lab, EOS-${this.release})\n!\n! boot system flash:/vEOS-lab.swi\n`;
  }
}
