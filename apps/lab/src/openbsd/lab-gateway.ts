/** An OpenBSD gateway as far as the lab has one: a node with a real sshd, and stand-ins for what only OpenBSD has. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type LabNode, SshdProxy } from '../hosts/index.js';
import { IFCONFIG, NETSTART } from './stand-ins.js';

/** In the mount namespace of the node, so that the program runs verbatim, with its own paths. `sync` would flush the disks of the whole machine. */
const PUT_THERE = `
set -e
mkdir -p /run/stand-ins/upper /run/stand-ins/work
cp /etc/ssh/stand-ins/* /run/stand-ins/upper/
mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/run/stand-ins/upper,workdir=/run/stand-ins/work /usr/sbin
printf 'exec bash /run/stand-ins/upper/netstart "$@"\\n' > /etc/netstart
[ -z "$1" ] || mount --bind "$1" /usr/bin/dash
`;

export class LabGateway {
  private constructor(
    readonly node: LabNode,
    private readonly ssh: SshdProxy,
  ) {}

  /** @param shell another one in the place of sh, `/bin/mksh`: a relative of OpenBSD's ksh. The node needs a system of its own. */
  static async start(node: LabNode, authorizedKeys: readonly string[], shell = ''): Promise<LabGateway> {
    const folder = node.hostPath('/etc/ssh/stand-ins');
    await mkdir(folder, { recursive: true });
    for (const [name, text] of [
      ['ifconfig', IFCONFIG],
      ['netstart', NETSTART],
      ['sync', '#!/bin/sh\nexit 0\n'],
    ] as const) {
      await writeFile(`${folder}/${name}`, text);
      await chmod(`${folder}/${name}`, 0o755);
    }
    const ssh = await SshdProxy.start(node, authorizedKeys);
    await node.run(['bash', '-c', PUT_THERE, 'put-there', shell]);
    return new LabGateway(node, ssh);
  }

  readonly sshAddress = '127.0.0.1';

  get sshPort(): number {
    return this.ssh.port;
  }

  /** `ssh-ed25519 AAAA…`, what a service has to pin. */
  get sshHostKey(): string {
    return this.ssh.hostKey;
  }

  dropConnections(): void {
    this.ssh.dropConnections();
  }

  async logins(): Promise<number> {
    const log = await readFile(this.node.hostPath('/etc/ssh/lab_sshd.log'), 'utf8').catch(() => '');
    return log.split('\n').filter((line) => line.startsWith('Accepted publickey')).length;
  }

  close(): Promise<void> {
    return this.ssh.close();
  }
}
