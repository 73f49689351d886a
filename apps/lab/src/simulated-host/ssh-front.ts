/** The SSH side of a simulated host: pinned host key, public-key login, and the two commands that Trame ever sends. */
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server as TcpServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { generateSshKeyPair, INSTALL_COMMAND, PUSH_PROGRAM_PATH, PUSH_PROGRAM_SHA256 } from '#adapters/ssh';
import type { VerbResult } from './push-verbs.js';

export interface VerbRequest {
  readonly connection: number;
  readonly verb: string;
  readonly fence: number;
  readonly seconds: number;
  readonly input: Buffer;
}

/** How the host treats new connections. */
export type Reachability = 'normal' | 'refuses' | 'hangs' | 'offers another host key';

export interface SshFrontOptions {
  readonly authorizedKeys: readonly string[];
  /** 0: any free port of 127.0.0.1. */
  readonly port: number;
  /** null: the connection is cut instead of answered. */
  readonly onVerb: (request: VerbRequest) => Promise<VerbResult | null>;
}

const PUSH_COMMAND = /^sh (\S+) ([a-z]+)(?: (\d+))?(?: (\d+))?$/;

export class SshFront {
  reachability: Reachability = 'normal';
  logins = 0;
  /** The program that a push runs has to be stored first, as on a real host. */
  private hasProgram = false;
  private connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly tcp: TcpServer;
  private readonly honest: ssh2.Server;
  private readonly impostor: ssh2.Server;
  private readonly authorized: readonly ParsedKey[];
  readonly hostKey: string;

  private constructor(private readonly options: SshFrontOptions) {
    const [own, other] = [generateSshKeyPair(), generateSshKeyPair()];
    this.hostKey = own.publicKey;
    this.authorized = options.authorizedKeys.map(parsePublicKey);
    this.honest = this.server(own.privateKey);
    this.impostor = this.server(other.privateKey);
    this.tcp = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  static async listen(options: SshFrontOptions): Promise<SshFront> {
    const front = new SshFront(options);
    await new Promise<void>((resolve, reject) => {
      front.tcp.once('error', reject);
      front.tcp.listen(options.port, '127.0.0.1', resolve);
    });
    return front;
  }

  get port(): number {
    return (this.tcp.address() as AddressInfo).port;
  }

  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    if (!this.tcp.listening) return;
    const closed = new Promise<void>((resolve) => this.tcp.close(() => resolve()));
    this.dropConnections();
    await closed;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (this.reachability === 'refuses') socket.destroy();
    else if (this.reachability !== 'hangs') (this.reachability === 'normal' ? this.honest : this.impostor).injectSocket(socket);
  }

  private server(hostKey: string): ssh2.Server {
    return new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      this.connections += 1;
      this.serve(connection, this.connections);
    });
  }

  private serve(connection: Connection, number: number): void {
    // A client that leaves in the middle of a handshake is its own affair.
    connection.on('error', () => connection.end());
    connection.on('authentication', (context) => this.authenticate(context));
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const input: Buffer[] = [];
        channel.on('data', (chunk: Buffer) => input.push(chunk));
        channel.on('error', () => undefined);
        channel.on('end', () => {
          void this.execute(command, number, Buffer.concat(input)).then((result) => {
            if (result === null) this.dropConnections();
            else answer(channel, result);
          });
        });
      });
    });
  }

  private authenticate(context: AuthContext): void {
    if (context.method !== 'publickey' || context.username !== 'root') {
      context.reject(['publickey']);
      return;
    }
    const { key, blob, signature, hashAlgo } = context;
    const known = this.authorized.find((candidate) => candidate.getPublicSSH().equals(key.data));
    // Without a signature the client only asks whether the key would do (RFC 4252 §7).
    if (known === undefined || (signature && blob && known.verify(blob, signature, hashAlgo) !== true)) {
      context.reject(['publickey']);
      return;
    }
    if (signature) this.logins += 1;
    context.accept();
  }

  private async execute(command: string, connection: number, input: Buffer): Promise<VerbResult | null> {
    if (command === INSTALL_COMMAND) {
      const isIntact = createHash('sha256').update(input).digest('hex') === PUSH_PROGRAM_SHA256;
      this.hasProgram ||= isIntact;
      return { status: isIntact ? 0 : 1, stdout: Buffer.alloc(0), stderr: '' };
    }
    const [, program, verb = '', fence = '0', seconds = '0'] = PUSH_COMMAND.exec(command) ?? [];
    if (program === undefined)
      return { status: 126, stdout: Buffer.alloc(0), stderr: `this host runs no other command than Trame's: ${command}\n` };
    if (program !== PUSH_PROGRAM_PATH || !this.hasProgram) {
      return { status: 2, stdout: Buffer.alloc(0), stderr: `sh: 0: cannot open ${program}: No such file\n` };
    }
    return this.options.onVerb({ connection, verb, fence: Number(fence), seconds: Number(seconds), input });
  }
}

function answer(channel: ServerChannel, { status, stdout, stderr }: VerbResult): void {
  if (stderr !== '') channel.stderr.write(stderr);
  channel.write(stdout);
  channel.exit(status);
  channel.end();
}

function parsePublicKey(line: string): ParsedKey {
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error) throw new Error(`not a public key (${key.message}): ${line.slice(0, 30)}…`);
  return key;
}
