/** A cluster of Proxmox VE as far as its SDN goes: files that are pending, one that runs, nodes that carry it, tasks, a lock, pools. */
import { randomUUID } from 'node:crypto';
import { ApiRefusal } from './api-refusal.js';
import { copyOf, digestOf, emptyFiles, type Entry, FILES, hasPending, pendingView, type SdnFile, type SdnFiles } from './sdn-files.js';
import { refuseImpossible, refuseInUse } from './sdn-rules.js';

/** What a reload comes to; `never`: the task is begun and never ends; a warning: interfaces are there, and FRR did not take its part. */
export type Reload = 'ok' | 'never' | { readonly error: string } | { readonly warning: string };

export interface SimulatedNode {
  readonly name: string;
  isOnline: boolean;
  /** What its next reloads come to, whatever they bring, or by what they bring. */
  reload: Reload | ((running: SdnFiles) => Reload);
  /** Version of the configuration that it carries. */
  version: number;
  /** Its interfaces are not as its files say. */
  isBroken: boolean;
  /** Its own `interfaces`, and what somebody has edited there and not applied: an apply of the SDN renames it over the first. */
  interfaces: string;
  newInterfaces: string | null;
}

export interface SimulatedTask {
  readonly upid: string;
  readonly node: string;
  readonly type: 'reloadnetworkall' | 'srvreload';
  /** Null while it runs. */
  exit: string | null;
  readonly log: string[];
}

export interface ClusterOptions {
  readonly name: string;
  readonly nodes: readonly string[];
  /** As `pveversion` says it, default `9.1.2`. */
  readonly release?: string;
  /** Milliseconds of a reload. */
  readonly reloadMs?: number;
}

export class PveCluster {
  readonly name: string;
  readonly release: string;
  readonly nodes: readonly SimulatedNode[];
  readonly tasks: SimulatedTask[] = [];
  readonly pools = new Map<string, string>();
  config: SdnFiles = emptyFiles();
  running: SdnFiles = emptyFiles();
  /** Fabrics of the underlay, by id, as files and as running: applied with all else, and not looked at where the lock asks for pending changes. */
  fabrics = new Map<string, string>();
  runningFabrics = new Map<string, string>();
  /** What a trial says of FRR, as `frr.conf.local` of a node would have it. */
  frrDiff = '';
  version = 0;
  /** Without it nothing is written. */
  isQuorate = true;
  /** Somebody holds the lock of the files, under which everything is written, and does not let go. */
  isFilesLocked = false;
  private token: string | null = null;
  private readonly reloadMs: number;

  constructor({ name, nodes, release = '9.1.2', reloadMs = 5 }: ClusterOptions) {
    this.name = name;
    this.release = release;
    this.reloadMs = reloadMs;
    this.nodes = nodes.map((node) => ({
      name: node,
      isOnline: true,
      reload: 'ok',
      version: 0,
      isBroken: false,
      interfaces: '',
      newInterfaces: null,
    }));
  }

  get lockToken(): string | null {
    return this.token;
  }

  node(name: string): SimulatedNode {
    const found = this.nodes.find((node) => node.name === name);
    if (!found) throw new ApiRefusal(500, `hostname lookup '${name}' failed`);
    if (!found.isOnline) throw new ApiRefusal(595, 'No route to host');
    return found;
  }

  lock(allowPending: boolean): string {
    this.refuseUnlessWritable();
    if (this.token !== null) throw new ApiRefusal(500, 'configuration of the SDN is locked');
    if (!allowPending && hasPending(this.config, this.running)) throw new ApiRefusal(500, 'there are pending changes of the SDN');
    this.token = randomUUID();
    return this.token;
  }

  unlock(token: string | undefined, force: boolean): void {
    this.refuseUnlessWritable();
    if (!force) this.authorize(token ?? '');
    this.token = null;
  }

  /** Every write comes by here. A token is compared with the lock that there is: where there is none, any token is taken, an old one, too. */
  authorize(token: string | undefined): void {
    this.refuseUnlessWritable();
    if (this.token === null) return;
    if (token === undefined) throw new ApiRefusal(500, 'configuration of the SDN is locked');
    if (token !== this.token) throw new ApiRefusal(500, 'the lock token is not that of the lock');
  }

  create(file: SdnFile, id: string, entry: Entry): void {
    if (this.config[file].has(id)) throw new ApiRefusal(500, `${file.slice(0, -1)} '${id}' already defined`);
    refuseImpossible(this.config, file, id, entry);
    this.config[file].set(id, entry);
  }

  update(
    file: SdnFile,
    id: string,
    change: { readonly set: Entry; readonly unset: readonly string[]; readonly digest: string | undefined },
  ): void {
    const before = this.find(this.config, file, id);
    if (change.digest !== undefined && change.digest !== digestOf(this.config, file))
      throw new ApiRefusal(500, 'detected modified configuration - file changed by other user? Try again.');
    const kept = Object.entries(before).filter(([name]) => !change.unset.includes(name));
    const entry = { ...Object.fromEntries(kept), ...change.set };
    refuseImpossible(this.config, file, id, entry);
    this.config[file].set(id, entry);
  }

  remove(file: SdnFile, id: string): void {
    this.find(this.config, file, id);
    refuseInUse(this.config, file, id);
    this.config[file].delete(id);
  }

  find(files: SdnFiles, file: SdnFile, id: string): Entry {
    const found = files[file].get(id);
    if (found === undefined) throw new ApiRefusal(500, `sdn '${id}' does not exist`);
    return found;
  }

  rollback(): void {
    this.config = copyOf(this.running);
    this.fabrics = new Map(this.runningFabrics);
  }

  /** All that is pending, whoever wrote it. Nodes are told, and nobody waits for them. */
  apply(): string {
    this.commit();
    this.version += 1;
    const serving = this.nodes.find(({ isOnline }) => isOnline)?.name ?? '';
    const task = this.begin(serving, 'reloadnetworkall');
    setTimeout(() => {
      for (const node of this.nodes) {
        if (node.isOnline) this.reload(node, this.version);
        else task.log.push(`${node.name}: no answer`);
      }
      task.exit = this.nodes.every(({ isOnline }) => isOnline) ? 'OK' : 'WARNINGS: 1';
    }, this.reloadMs);
    return task.upid;
  }

  /** The service that runs at boot applies what is pending for the whole cluster, and reloads its own node only. */
  boot(name: string): void {
    const node = this.node(name);
    if (hasPending(this.config, this.running)) this.version += 1;
    this.commit();
    node.version = this.version;
    node.isBroken = false;
  }

  zoneStatus({ version, isBroken }: SimulatedNode): 'available' | 'pending' | 'error' {
    if (version < this.version) return isBroken ? 'error' : 'pending';
    return isBroken ? 'error' : 'available';
  }

  /** By hand in the files: no lock, no check. */
  edit(file: SdnFile, id: string, entry: Entry | null): void {
    if (entry === null) this.config[file].delete(id);
    else this.config[file].set(id, entry);
  }

  dryRun(): string {
    const lines = FILES.flatMap((file) => pendingView(this.config, this.running, file))
      .filter(({ state }) => state !== undefined)
      .map((one) => `${one['state'] === 'deleted' ? '-' : '+'}${String(one['vnet'] ?? one['zone'] ?? one['subnet'] ?? one['controller'])}`);
    return lines.join('\n');
  }

  comment(pool: string, comment: string): void {
    this.refuseUnlessWritable();
    this.pools.set(pool, comment);
  }

  private refuseUnlessWritable(): void {
    if (!this.isQuorate) throw new ApiRefusal(500, 'cluster not ready - no quorum?');
    if (this.isFilesLocked) throw new ApiRefusal(500, "cfs-lock 'file-user_cfg' error: got lock request timeout");
  }

  private commit(): void {
    this.running = copyOf(this.config);
    this.runningFabrics = new Map(this.fabrics);
  }

  private reload(node: SimulatedNode, version: number): void {
    const task = this.begin(node.name, 'srvreload');
    if (node.newInterfaces !== null) [node.interfaces, node.newInterfaces] = [node.newInterfaces, null];
    const outcome = typeof node.reload === 'function' ? node.reload(this.running) : node.reload;
    if (outcome === 'never') return;
    setTimeout(() => {
      const error = typeof outcome === 'object' && 'error' in outcome ? outcome.error : null;
      node.isBroken = error !== null;
      if (error === null) node.version = version;
      if (typeof outcome === 'object') task.log.push('error' in outcome ? outcome.error : outcome.warning);
      task.exit = outcome === 'ok' ? 'OK' : error === null ? 'WARNINGS: 1' : `command 'ifreload -a' failed: exit code 1`;
    }, this.reloadMs);
  }

  private begin(node: string, type: SimulatedTask['type']): SimulatedTask {
    const number = (this.tasks.length + 1).toString(16).toUpperCase().padStart(8, '0');
    const upid = `UPID:${node}:${number}:00000001:6721D000:${type}:${type === 'srvreload' ? 'networking' : ''}:root@pam:`;
    const task: SimulatedTask = { upid, node, type, exit: null, log: [] };
    this.tasks.unshift(task);
    return task;
  }
}
