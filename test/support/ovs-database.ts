/** A real ovsdb-server with the schema of Open vSwitch, without the switch: it takes and refuses what a host's takes and refuses. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OVS_DUMP, type OvsDump, type OvsRows, type OvsTransaction, ovsTransaction, parseOvsDump } from '#engines/reconcile';
import { missing } from './describe-with.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

export const missingForOvsDatabase = (): string[] =>
  missing({ programs: { 'openvswitch-common': '/usr/bin/ovs-vsctl', 'openvswitch-switch': '/usr/sbin/ovsdb-server' } });

export class OvsDatabase {
  private constructor(
    private readonly socket: string,
    private readonly server: ChildProcess,
  ) {}

  /** @param directory exists; database and socket are made in it. */
  static async start(directory: string): Promise<OvsDatabase> {
    const [file, socket] = [join(directory, 'conf.db'), join(directory, 'db.sock')];
    const made = spawnSync('/usr/bin/ovsdb-tool', ['create', file, SCHEMA], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`ovsdb-tool: ${made.stderr}`);
    const options = [`--remote=punix:${socket}`, `--unixctl=${join(directory, 'ctl')}`, '-vconsole:off', '-vsyslog:off'];
    const server = spawn('/usr/sbin/ovsdb-server', [file, ...options], { stdio: 'ignore' });
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 10_000, interval: 5 });
    const database = new OvsDatabase(socket, server);
    database.vsctl('init');
    return database;
  }

  /** @throws Error with the words of ovs-vsctl. */
  vsctl(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('/usr/bin/ovs-vsctl', [`--db=unix:${this.socket}`, '--no-wait', '--timeout=10', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`ovs-vsctl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }

  /** As somebody types it on the host. */
  shell(script: string): void {
    const { status, stderr } = spawnSync('bash', ['-ec', script], {
      encoding: 'utf8',
      env: { ...process.env, OVS: `ovs-vsctl --db=unix:${this.socket} --no-wait` },
    });
    if (status !== 0) throw new Error(`${script}: ${stderr.trim()}`);
  }

  dumpText(): string {
    return this.vsctl(...OVS_DUMP);
  }

  dump(): OvsDump {
    return parseOvsDump(this.dumpText());
  }

  transaction(desired: OvsRows, previous: OvsRows | null = null): OvsTransaction {
    return ovsTransaction({ previous, desired, current: this.dump() });
  }

  apply(desired: OvsRows, previous: OvsRows | null = null): OvsTransaction {
    const transaction = this.transaction(desired, previous);
    if (transaction.argv.length > 0) this.vsctl(...transaction.argv);
    return transaction;
  }

  clear(): void {
    this.vsctl('clear', 'Open_vSwitch', '.', 'bridges');
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGKILL');
    await gone;
  }
}
