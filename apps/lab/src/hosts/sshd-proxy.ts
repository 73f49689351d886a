/**
 * 127.0.0.1:<ephemeral> → one `sshd -i` inside a node per connection. No cable reaches from the lab into the machine's own
 * network, and a service connects as it would to a remote host.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { generateSshKeyPair } from '#adapters/ssh';
import type { LabNode } from './lab-node.js';

const SSHD_CONFIG = `
HostKey /etc/ssh/lab_host_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys .ssh/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
`;

const SSHD = ['/usr/sbin/sshd', '-f', '/etc/ssh/lab_sshd_config', '-E', '/etc/ssh/lab_sshd.log'];

/** Standard input and output as a connection from inside a node; it ends when either side does. */
const RELAY = 'exec 3<>"/dev/tcp/$1/22" 4<&0 || exit 1; { cat <&4 >&3; kill $$; } & cat <&3; kill $!';

/** One sshd that listens, for those who come over cables. */
export async function startSshd(node: LabNode): Promise<void> {
  await node.run(SSHD);
}

export class SshdProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly hostKey: string,
  ) {}

  static async start(node: LabNode, authorizedKeys: readonly string[]): Promise<SshdProxy> {
    const hostKey = generateSshKeyPair();
    await mkdir(node.hostPath('/etc/ssh'), { recursive: true });
    await writeFile(node.hostPath('/etc/ssh/lab_host_key'), hostKey.privateKey, { mode: 0o600 });
    await writeFile(node.hostPath('/etc/ssh/lab_authorized_keys'), `${authorizedKeys.join('\n')}\n`);
    await writeFile(node.hostPath('/etc/ssh/lab_sshd_config'), SSHD_CONFIG);
    return SshdProxy.listen(hostKey.publicKey, () => node.argvInside([...SSHD, '-i']));
  }

  /** As `start`, over the cables of a lab. */
  static over(via: LabNode, address: string, hostKey: string): Promise<SshdProxy> {
    return SshdProxy.listen(hostKey, () => via.argvInside(['bash', '-c', RELAY, 'relay', address]));
  }

  private static async listen(hostKey: string, command: () => [string, ...string[]]): Promise<SshdProxy> {
    // Without it small packets wait for the acknowledgement of earlier ones: 40 ms per step of the protocol.
    const server = createServer({ noDelay: true });
    const proxy = new SshdProxy(server, hostKey);
    server.on('connection', (socket) => proxy.serve(socket, command()));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection, as a failing link would; new ones are still accepted. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.dropConnections();
    await closed;
  }

  private serve(socket: Socket, [program, ...args]: [string, ...string[]]): void {
    this.sockets.add(socket);
    const sshd = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    socket.pipe(sshd.stdin);
    sshd.stdout.pipe(socket);
    // Either side may vanish at any moment; the other then sees the end of its stream, as on a real connection.
    sshd.stdin.on('error', () => socket.destroy());
    sshd.stdout.on('error', () => socket.destroy());
    sshd.on('error', () => socket.destroy());
    sshd.on('exit', () => socket.end());
    socket.on('error', () => sshd.stdin.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      sshd.stdin.destroy();
    });
  }
}
