/** A guest: a node with one interface, eth0, whose other end is a tap on its hypervisor (or behind a switch port). */
import type { LabNode } from './lab-node.js';
import { runCommand } from './run-command.js';

export interface LabVmOptions {
  /** With prefix length: `10.20.0.11/24`. */
  readonly address: string;
  readonly mac?: string;
  /** Octets; the demo's guests have 1450 under an underlay of 1500 (50 octets of VXLAN over IPv4). */
  readonly mtu?: number;
  /** Interface name on the hypervisor side, default `tap<name>`; at most 15 octets. */
  readonly tap?: string;
}

export interface PingOptions {
  /** ICMP payload, octets: the IP packet is 28 longer. */
  readonly size?: number;
  readonly dontFragment?: boolean;
  /** One echo request is sent per try until an answer comes; default 1 000 ms. */
  readonly withinMs?: number;
}

export interface PingResult {
  readonly ok: boolean;
  readonly tries: number;
  /** Milliseconds until the first answer, or until giving up. */
  readonly elapsedMs: number;
}

export class LabVm {
  private constructor(
    readonly node: LabNode,
    private readonly on: LabNode,
    readonly tap: string,
  ) {}

  static async plug(node: LabNode, on: LabNode, options: LabVmOptions): Promise<LabVm> {
    const tap = options.tap ?? `tap${node.name}`;
    if (Buffer.byteLength(tap) > 15)
      throw new Error(`interface name ${tap} is longer than the 15 octets that Linux allows: give options.tap`);
    const mtu = String(options.mtu ?? 1450);
    const added = await runCommand([
      'ip',
      'link',
      'add',
      tap,
      'mtu',
      mtu,
      'netns',
      String(on.pid),
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'mtu',
      mtu,
      'netns',
      String(node.pid),
    ]);
    if (added.code !== 0) throw new Error(`guest ${node.name} on ${on.name}: ${added.stderr.trim()}`);
    const script = 'if [ -n "$2" ]; then ip link set eth0 address "$2"; fi; ip link set eth0 up && ip addr add "$1" dev eth0';
    await node.run(['sh', '-c', script, 'plug', options.address, options.mac ?? '']);
    return new LabVm(node, on, tap);
  }

  /** Puts the tap on a bridge, waiting for the bridge to exist. @throws Error when it does not appear in time. */
  async attach(bridge: string, withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const attached = await this.on.exec(['ip', 'link', 'set', this.tap, 'master', bridge, 'up']);
      if (attached.code === 0) return;
      if (Date.now() > deadline)
        throw new Error(`${this.on.name}: no bridge ${bridge} for ${this.tap} within ${withinMs} ms: ${attached.stderr.trim()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends echo requests until one is answered or the time is over. */
  async ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    const started = Date.now();
    const withinMs = options.withinMs ?? 1_000;
    const argv = [
      'ping',
      '-n',
      '-c',
      '1',
      '-W',
      '0.3',
      '-s',
      String(options.size ?? 56),
      ...(options.dontFragment ? ['-M', 'do'] : []),
      address,
    ];
    for (let tries = 1; ; tries += 1) {
      const { code } = await this.node.exec(argv);
      const elapsedMs = Date.now() - started;
      if (code === 0) return { ok: true, tries, elapsedMs };
      if (elapsedMs >= withinMs) return { ok: false, tries, elapsedMs };
      // A refused packet (too long, no route) fails at once: give the fabric a moment instead of spinning.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
