import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type SelfSignedCertificate, selfSignedCertificate } from '#adapters/outbound/testing';
import { Faults } from './faults.js';

/** The management line of a simulated device: HTTPS on 127.0.0.1 with a certificate of its own, which can be pulled, plugged in and exchanged. */
export class HttpsLine {
  readonly faults = new Faults();
  private certificate: SelfSignedCertificate;
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private boundPort = 0;

  /** @param name of the subject of its certificates. */
  constructor(
    private readonly name: string,
    private readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ) {
    this.certificate = selfSignedCertificate(name);
  }

  get port(): number {
    return this.boundPort;
  }

  get spkiSha256(): string {
    return this.certificate.spkiSha256;
  }

  /** @param port 0 for any free one; again the same after `disconnect()`. */
  async connect(port = this.boundPort): Promise<void> {
    const server = createServer({ cert: this.certificate.cert, key: this.certificate.key }, (request, response) => {
      this.answer(request, response).catch((error: Error) => response.destroy(error));
    });
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      if (this.faults.takeForConnection()) socket.destroy();
    });
    server.on('tlsClientError', () => undefined); // the client's own affair: it refused our certificate
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.boundPort = (server.address() as AddressInfo).port;
  }

  /** The cable is pulled: new connections are refused, present ones cut. Idempotent. */
  async disconnect(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Another box has taken the address, or somebody made a new key: connections from now on see another certificate. */
  changeCertificate(): void {
    this.certificate = selfSignedCertificate(this.name);
    this.server?.setSecureContext({ cert: this.certificate.cert, key: this.certificate.key });
  }
}
