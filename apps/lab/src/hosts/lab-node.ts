/**
 * One machine of the lab: private net, mount, uts, ipc and pid namespaces on the host's kernel, so that every tool works
 * with its default paths (/etc/frr, /etc/network, /run, /var/lib/trame) and the pushed commands run verbatim.
 * One process carries it: when that dies, every daemon and interface of the node is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CommandOptions, type CommandResult, runCommand } from './run-command.js';

/** Folders that each node has for itself; they live under `<directory>/root` and survive `stop()`. */
const PRIVATE_FOLDERS = ['/etc/network', '/etc/frr', '/etc/ssh', '/var/log/frr'];

/**
 * Pid 1 of the node. Three facts shaped it:
 *  - /var/lib/trame does not exist on the machine underneath, and nothing may be created there: so /var/lib becomes a
 *    tmpfs of links to the real entries, with our folder among them;
 *  - root's shell start-up files of the machine would cost every SSH command some 80 ms: /root is empty;
 *  - it ends when its standard input closes, so no node outlives the process that made it, not even after kill -9.
 * bash, because as pid 1 it reaps the orphans that daemons leave behind (dash and cat do not).
 */
const PID_ONE = `
set -e
name=$1 root=$2 system=$3
mount -t sysfs sysfs /sys
if [ "$system" = own ]; then
  mkdir -p "$root/system"
  mount -t tmpfs tmpfs "$root/system"
  for folder in /etc /usr/local; do
    mkdir -p "$root/system$folder/upper" "$root/system$folder/work"
    mount -t overlay overlay -o "lowerdir=$folder,upperdir=$root/system$folder/upper,workdir=$root/system$folder/work" "$folder"
  done
fi
for folder in ${PRIVATE_FOLDERS.join(' ')}; do [ -d "$folder" ] && mount --bind "$root$folder" "$folder"; done
mount -t tmpfs tmpfs /run
mkdir /run/host-var-lib /run/own-state
mount --bind "$root/var/lib/trame" /run/own-state
mount --rbind /var/lib /run/host-var-lib
mount -t tmpfs tmpfs /root
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/trame
for entry in /run/host-var-lib/*; do [ -e "/var/lib/$\{entry##*/}" ] || ln -s "$entry" /var/lib/; done
mount --bind /run/own-state /var/lib/trame
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mkdir -p /run/network /run/sshd /run/lock
if id frr >/dev/null 2>&1; then
  mkdir -p /var/tmp/frr /run/frr
  chown frr:frr /var/tmp/frr /run/frr
fi
hostname "$name"
ip link set lo up
for knob in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 > /proc/sys/net/$knob; done
for knob in all default; do echo 0 > /proc/sys/net/ipv6/conf/$knob/accept_dad; done
echo ready
while read -r _; do :; done
`;

/** zebra first: bgpd and staticd try again only after 10 s when they do not find it. They run as user frr, as packaged. */
const START_FRR = `
/usr/lib/frr/zebra -d -A 127.0.0.1 -s 90000000 --log file:/var/log/frr/zebra.log || exit 1
/usr/lib/frr/bgpd -d -A 127.0.0.1 --log file:/var/log/frr/bgpd.log & bgpd=$!
/usr/lib/frr/staticd -d -A 127.0.0.1 --log file:/var/log/frr/staticd.log || exit 1
wait $bgpd || exit 1
exec vtysh -b
`;

export interface LabNodeOptions {
  /** /etc and /usr/local of its own, for what installs users, rules and programs; gone when the node stops. Default: those of the machine. */
  readonly ownSystem?: boolean;
}

export class LabNode {
  private holder: ChildProcess | null = null;
  private pidOne = 0;

  /** @param directory the node's own folder; kept when the node stops, removed by `Lab.close()`. */
  constructor(
    readonly name: string,
    readonly directory: string,
    private readonly options: LabNodeOptions = {},
  ) {}

  /** Pid 1 of the node as the machine underneath counts it. */
  get pid(): number {
    if (this.pidOne === 0) throw new Error(`lab node ${this.name} is not running`);
    return this.pidOne;
  }

  async start(): Promise<void> {
    await this.prepareFolders();
    const holder = spawn(
      'unshare',
      // `detached`: a Ctrl-C in the terminal reaches the lab's owner, who takes the nodes down in order.
      [
        '--net',
        '--mount',
        '--uts',
        '--ipc',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        '--propagation',
        'private',
        'bash',
        '-c',
        PID_ONE,
        'lab-node',
        this.name,
        this.root,
        this.options.ownSystem ? 'own' : 'shared',
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
    this.holder = holder;
    await waitForReady(holder, this.name);
    this.pidOne = await childOf(holder.pid ?? 0);
  }

  /** The node's private files as the machine underneath sees them: `hostPath('/etc/frr/frr.conf')`. */
  hostPath(path: string): string {
    return join(this.root, path);
  }

  /** Arguments that run a program inside the node. */
  argvInside(argv: readonly string[]): [string, ...string[]] {
    // -r: without the node's own root directory a lab inside a chroot would work on the files of the machine around it.
    return ['nsenter', '-t', String(this.pid), '-n', '-m', '-u', '-i', '-p', '-r', '--', ...argv];
  }

  /** Runs a program in the node; a non-zero status is returned, not thrown. */
  exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.argvInside(argv), options);
  }

  /** As `exec`, for what must succeed. @returns what it printed. @throws Error with the program's own words. */
  async run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await this.exec(argv, options);
    if (result.code !== 0) {
      throw new Error(`${this.name}: ${argv.join(' ')} ended with ${result.code}: ${result.stderr.trim() || result.stdout.trim()}`);
    }
    return result.stdout;
  }

  /** Writes a file as the node sees it, missing folders included. */
  async writeFile(path: string, content: string): Promise<void> {
    await this.run(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'write-file', path], { stdin: content });
  }

  readFile(path: string): Promise<string> {
    return this.run(['cat', '--', path]);
  }

  /** Starts zebra, bgpd and staticd and loads /etc/frr/frr.conf. @param config replaces that file first. */
  async startFrr(config?: string): Promise<void> {
    if (config !== undefined) await writeFile(this.hostPath('/etc/frr/frr.conf'), config);
    await this.run(['chown', '-R', 'frr:frr', '/etc/frr', '/var/log/frr']);
    await this.run(['sh', '-c', START_FRR]);
  }

  /** Ends every process of the node at once, as pulling the plug would; files stay. Idempotent. */
  async stop(): Promise<void> {
    const { holder, pidOne } = this;
    this.holder = null;
    this.pidOne = 0;
    if (holder === null || holder.exitCode !== null || holder.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
    // unshare waits for pid 1 and the kernel reaps pid 1 last: when unshare is gone, so is everything.
    if (pidOne > 0) killIfAlive(pidOne);
    else holder.kill('SIGKILL');
    await gone;
  }

  private get root(): string {
    return join(this.directory, 'root');
  }

  private async prepareFolders(): Promise<void> {
    for (const folder of [...PRIVATE_FOLDERS, '/etc/network/interfaces.d', '/var/lib/trame']) {
      await mkdir(join(this.root, folder), { recursive: true });
    }
    await cp('/etc/network/ifupdown2', join(this.root, 'etc/network/ifupdown2'), { recursive: true, force: false }).catch(ignoreMissing);
    await cp('/etc/frr/support_bundle_commands.conf', join(this.root, 'etc/frr/support_bundle_commands.conf'), { force: false }).catch(
      ignoreMissing,
    );
    await this.writeOnce('/etc/network/interfaces', 'auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n');
    await this.writeOnce('/etc/frr/vtysh.conf', 'service integrated-vtysh-config\n');
    await this.writeOnce('/etc/frr/daemons', 'bgpd=yes\nvtysh_enable=yes\n');
    await this.writeOnce('/etc/frr/frr.conf', `frr defaults datacenter\nhostname ${this.name}\nservice integrated-vtysh-config\n`);
  }

  /** A node that is started again keeps what it had. */
  private async writeOnce(path: string, content: string): Promise<void> {
    const target = join(this.root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** A node without ifupdown2 or FRR is a plain node: it just has no such files. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function waitForReady(holder: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complaint = '';
    holder.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('ready\n')) resolve();
    });
    holder.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString('utf8');
    });
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`lab node ${name} did not start (status ${code}): ${complaint.trim()}`)));
  });
}

/** `unshare --fork` has exactly one child: pid 1 of the new pid namespace. */
async function childOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const [first] = children.trim().split(' ');
  if (first === undefined || first === '') throw new Error(`process ${pid} has no child: the lab node died while starting`);
  return Number(first);
}
