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
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
`;

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
    // Without it small packets wait for the acknowledgement of earlier ones: 40 ms per step of the protocol.
    const server = createServer({ noDelay: true });
    const proxy = new SshdProxy(server, hostKey.publicKey);
    server.on('connection', (socket) => proxy.serve(socket, node));
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

  private serve(socket: Socket, node: LabNode): void {
    this.sockets.add(socket);
    const [program, ...args] = node.argvInside(['/usr/sbin/sshd', '-i', '-f', '/etc/ssh/lab_sshd_config', '-E', '/etc/ssh/lab_sshd.log']);
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
