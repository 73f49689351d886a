// A process of its own, started by fork: node:http and nothing else around the insert of the floor. What a request must cost at least.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { FLOOR_INSERT } from '../floor.js';

const [url = '', connections = '1'] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: Number(connections) });

async function answer(text: string, response: ServerResponse): Promise<void> {
  const { key } = JSON.parse(text) as { key: string };
  await pool.query({ ...FLOOR_INSERT, values: [key] });
  const body = JSON.stringify({ stored: true });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

const server = createServer((request: IncomingMessage, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (part: string) => (text += part));
  request.on('end', () => answer(text, response).catch((error: unknown) => response.writeHead(500).end(String(error))));
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
