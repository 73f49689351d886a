/** An EOS switch in process: eAPI over HTTPS on 127.0.0.1, with a certificate of its own. */
import { SimulatedFabric } from '../simulated-fabric.js';
import type { SwitchUser } from './cli-session.js';
import { type Clock, realClock } from './clock.js';
import type { Dataplane } from './control-plane.js';
import { EapiServer } from './eapi-server.js';
import { EosSwitch } from './eos-switch.js';
import { factoryConfig } from './factory-config.js';
import type { Faults } from '../line/faults.js';
import type { Journal } from './journal.js';

export interface EosSimulatorOptions {
  readonly hostname: string;
  /** Name in the fabric, default the hostname. */
  readonly slug?: string;
  /** EOS release, default `4.32.1F`. */
  readonly version?: string;
  /** Default: a factory switch that has eAPI and nothing of ours. Whatever it says, keep `management api http-commands` in it. */
  readonly initialConfig?: string;
  /** Default: its own for each slug, and always the same one. */
  readonly serialNumber?: string;
  readonly systemMac?: string;
  readonly users: readonly SwitchUser[];
  readonly enableSecret?: string;
  /** Default 4. */
  readonly ethernetPorts?: number;
  /** The devices that it has sessions with; alone in the world without it. */
  readonly fabric?: SimulatedFabric;
  /** Real forwarding and real neighbors in place of the simulated ones. */
  readonly dataplane?: Dataplane;
  readonly clock?: Clock;
  /** Port to listen on, default any free one. */
  readonly port?: number;
  /** Milliseconds that a reload takes, default 0. */
  readonly bootMs?: number;
}

export interface EosSimulator {
  readonly address: '127.0.0.1';
  readonly port: number;
  /** Base64 pin of the key of the present certificate. */
  readonly spkiSha256: string;
  readonly faults: Faults;
  readonly journal: Journal;
  /** The device behind the API, for looking at it without asking it. */
  readonly device: EosSwitch;
  /** Connections from now on see another certificate, with another key. */
  changeCertificate(): void;
  /** Cuts the management line, until `connect()`. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
  reboot(): Promise<void>;
  close(): Promise<void>;
}

export async function startEosSimulator(options: EosSimulatorOptions): Promise<EosSimulator> {
  const device = new EosSwitch({
    slug: options.slug ?? options.hostname,
    ...(options.serialNumber === undefined ? {} : { serialNumber: options.serialNumber }),
    ...(options.systemMac === undefined ? {} : { systemMac: options.systemMac }),
    release: options.version ?? '4.32.1F',
    startupConfig: options.initialConfig ?? factoryConfig({ hostname: options.hostname }),
    hardware: { ethernetPorts: options.ethernetPorts ?? 4 },
    clock: options.clock ?? realClock,
    fabric: options.fabric ?? new SimulatedFabric(),
    ...(options.dataplane === undefined ? {} : { dataplane: options.dataplane }),
  });
  if (!device.hasApi)
    throw new Error('the initial configuration has no `management api http-commands` with `no shutdown`: nobody could reach the switch');
  await device.start();
  const server = new EapiServer(device, { users: options.users, enableSecret: options.enableSecret ?? null, bootMs: options.bootMs ?? 0 });
  await server.line.connect(options.port ?? 0);
  return {
    address: '127.0.0.1',
    port: server.line.port,
    get spkiSha256() {
      return server.line.spkiSha256;
    },
    faults: server.line.faults,
    journal: device.journal,
    device,
    changeCertificate: () => server.line.changeCertificate(),
    disconnect: () => server.line.disconnect(),
    connect: () => server.line.connect(),
    reboot: () => server.reboot(),
    close: () => server.line.disconnect(),
  };
}
