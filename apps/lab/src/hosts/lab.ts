/** A set of nodes, the cables between them and the guests on their bridges; everything lives under one folder. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabHost, type LabHostOptions } from './lab-host.js';
import { LabNode, type LabNodeOptions } from './lab-node.js';
import { LabVm, type LabVmOptions } from './lab-vm.js';
import { missingForRealHosts } from './missing-for-real-hosts.js';
import { runCommand } from './run-command.js';

export class Lab {
  private readonly nodes: LabNode[] = [];
  private readonly hosts: LabHost[] = [];

  private constructor(private readonly directory: string) {}

  /**
   * @param directory is created; `close()` removes it with everything in it. Not below /run, which every node has for itself.
   * @throws Error naming everything that this machine lacks for real hosts.
   */
  static async create(directory: string): Promise<Lab> {
    const missing = missingForRealHosts();
    if (missing.length > 0) throw new Error(`real hosts cannot run here: ${missing.join('; ')}`);
    const path = resolve(directory);
    if (path === '/run' || path.startsWith('/run/')) throw new Error(`${path} cannot hold a lab: take a folder that is not below /run`);
    await mkdir(path, { recursive: true });
    return new Lab(path);
  }

  /** A bare machine: no sshd, no FRR until `startFrr()`. */
  async node(name: string, options: LabNodeOptions = {}): Promise<LabNode> {
    const node = new LabNode(name, join(this.directory, name), options);
    this.nodes.push(node);
    await node.start();
    return node;
  }

  /** A hypervisor: FRR daemons with a minimal configuration, sshd reachable at `127.0.0.1:host.sshPort`. */
  async host(name: string, options: LabHostOptions): Promise<LabHost> {
    const host = await LabHost.start(await this.node(name, options), options);
    this.hosts.push(host);
    return host;
  }

  /** A cable between two nodes; both ends are up, without addresses. */
  async link(a: LabNode | LabHost, interfaceOfA: string, b: LabNode | LabHost, interfaceOfB: string): Promise<void> {
    const [left, right] = [nodeOf(a), nodeOf(b)];
    const added = await runCommand([
      'ip',
      'link',
      'add',
      interfaceOfA,
      'netns',
      String(left.pid),
      'type',
      'veth',
      'peer',
      'name',
      interfaceOfB,
      'netns',
      String(right.pid),
    ]);
    if (added.code !== 0) throw new Error(`cable ${left.name}:${interfaceOfA} to ${right.name}:${interfaceOfB}: ${added.stderr.trim()}`);
    await Promise.all([left.run(['ip', 'link', 'set', interfaceOfA, 'up']), right.run(['ip', 'link', 'set', interfaceOfB, 'up'])]);
  }

  /** A guest whose tap waits on `on` until `attach(bridge)` puts it on a bridge: the bridge may come into being later. */
  async addVm(on: LabNode | LabHost, name: string, options: LabVmOptions): Promise<LabVm> {
    const node = await this.node(name);
    return LabVm.plug(node, nodeOf(on), options);
  }

  /** Ends every process of the lab and removes its folder. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.closeSsh()));
    await Promise.all(this.nodes.map((node) => node.stop()));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

const nodeOf = (machine: LabNode | LabHost): LabNode => (machine instanceof LabHost ? machine.node : machine);
