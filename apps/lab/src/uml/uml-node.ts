/** One host inside the user-mode kernel: namespaces as on the machine's own kernel (../hosts), with default paths for every tool. */
import type { CommandOptions, CommandResult } from '../hosts/index.js';

export interface Shell {
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  run(argv: readonly string[], options?: CommandOptions): Promise<string>;
}

/**
 * Pid 1 of the node: /etc and /var are the machine's own with a layer of the node's on top, /run is empty. Starting a program is what is slow
 * in this kernel, so the shell does by itself whatever it can.
 */
const PID_ONE = `
set -e
name=$1 layers=/run/nodes/$1
mkdir -p "$layers"/{etc,var}/{upper,work}
mount -t sysfs sysfs /sys
for folder in etc var; do
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$layers/$folder/upper,workdir=$layers/$folder/work" /$folder
done
mount -t tmpfs tmpfs /run
mkdir -p /run/{network,lock,openvswitch,netns,frr,trame} /var/tmp/frr /etc/network/interfaces.d
rm -rf /etc/network/interfaces.d/* /var/tmp/network
printf 'auto lo\\niface lo inet loopback\\n\\nsource /etc/network/interfaces.d/*\\n' >/etc/network/interfaces
if [ -d /etc/frr ]; then
  printf 'service integrated-vtysh-config\\n' >/etc/frr/vtysh.conf
  printf 'bgpd=yes\\nvtysh_enable=yes\\n' >/etc/frr/daemons
  printf 'frr defaults datacenter\\nhostname %s\\nservice integrated-vtysh-config\\n' "$name" >/etc/frr/frr.conf
  chown -R frr:frr /etc/frr /var/log/frr /var/tmp/frr /run/frr
fi
echo "$name" >/proc/sys/kernel/hostname
ip link set lo up
for knob in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 0 >/proc/sys/net/$knob; done
for knob in all default; do echo 0 >/proc/sys/net/ipv6/conf/$knob/accept_dad; done
echo ready
exec sleep infinity >/dev/null
`;

/** Prints the pid of the node's pid 1 as the kernel around it counts. */
const START = `
mkdir -p /run/nodes
exec 5< <(exec unshare --net --mount --uts --ipc --pid --fork --kill-child --mount-proc --propagation private bash -c "$2" node "$1" 2>&1 </dev/null)
holder=$!
while read -r line <&5; do
  [ "$line" = ready ] && { read -r pid _ </proc/$holder/task/$holder/children; echo "$pid"; exit 0; }
  echo "$line" >&2
done
exit 1
`;

const START_FRR = `
/usr/lib/frr/zebra -d -A 127.0.0.1 -s 90000000 --log file:/var/log/frr/zebra.log || exit 1
/usr/lib/frr/bgpd -d -A 127.0.0.1 --log file:/var/log/frr/bgpd.log || exit 1
/usr/lib/frr/staticd -d -A 127.0.0.1 --log file:/var/log/frr/staticd.log || exit 1
exec vtysh -b
`;

export class UmlNode implements Shell {
  private constructor(
    private readonly machine: Shell,
    readonly name: string,
    /** Of its pid 1, as the user-mode kernel counts. */
    readonly pid: number,
  ) {}

  static async start(machine: Shell, name: string): Promise<UmlNode> {
    const pid = Number(await machine.run(['bash', '-c', START, 'start', name, PID_ONE]));
    return new UmlNode(machine, name, pid);
  }

  /** Runs a program in the node; a non-zero status is returned, not thrown. */
  exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.machine.exec(['nsenter', '-t', String(this.pid), '-n', '-m', '-u', '-i', '-p', '--', ...argv], options);
  }

  /** As `exec`, for what must succeed. @returns what it printed. @throws Error with the program's own words. */
  async run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code !== 0) throw new Error(`${this.name}: ${argv.join(' ').slice(0, 200)} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
    return stdout;
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
    if (config !== undefined) await this.writeFile('/etc/frr/frr.conf', config);
    await this.run(['sh', '-c', START_FRR]);
  }

  /** Ends every process of the node; its interfaces vanish with it. */
  async stop(): Promise<void> {
    await this.machine.exec(['kill', '-9', String(this.pid)]);
  }
}
