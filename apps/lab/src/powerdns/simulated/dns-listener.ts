import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import net from 'node:net';
import { freePort } from '../free-port.js';
import { type Answer, encodeAnswer, parseQuestion, type Question } from './dns-message.js';

/** Without EDNS a UDP answer has at most 512 bytes (RFC 1035 §4.2.1); over TCP a length goes before it (§4.2.2). */
const UDP_LIMIT = 512;
const TCP_LIMIT = 65_535;

/** Answers questions over UDP and TCP on one port of 127.0.0.1. */
export class DnsListener {
  private readonly connections = new Set<net.Socket>();

  private constructor(
    readonly port: number,
    private readonly udp: UdpSocket,
    private readonly tcp: net.Server,
  ) {}

  static async start(answer: (question: Question) => Answer): Promise<DnsListener> {
    for (let attempt = 0; ; attempt++) {
      const port = await freePort();
      try {
        const udp = await bindUdp(port);
        udp.on('message', (message, client) => {
          const question = parseQuestion(message);
          if (question) udp.send(encodeAnswer(question, answer(question), UDP_LIMIT), client.port, client.address);
        });
        const listener = new DnsListener(port, udp, net.createServer());
        listener.tcp.on('connection', (socket) => listener.serve(socket, answer));
        await new Promise<void>((listening, failed) => listener.tcp.once('error', failed).listen(port, '127.0.0.1', listening));
        return listener;
      } catch (error) {
        if (attempt === 4) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await new Promise<void>((closed) => this.udp.close(() => closed()));
    await new Promise<void>((closed) => this.tcp.close(() => closed()));
  }

  private serve(socket: net.Socket, answer: (question: Question) => Answer): void {
    this.connections.add(socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.connections.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const question = parseQuestion(pending.subarray(2, end));
        pending = pending.subarray(end);
        if (!question) return void socket.destroy();
        const message = encodeAnswer(question, answer(question), TCP_LIMIT);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        socket.write(Buffer.concat([length, message]));
      }
    });
  }
}

function bindUdp(port: number): Promise<UdpSocket> {
  const udp = createSocket('udp4');
  return new Promise((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, '127.0.0.1', () => resolve(udp));
  });
}
