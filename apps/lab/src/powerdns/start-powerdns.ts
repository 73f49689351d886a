import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutboundError, OutboundHttp } from '#adapters/outbound';
import { runCommand } from '../hosts/run-command.js';
import { freePort } from './free-port.js';
import { LAB_NAMESERVER, type LabDns } from './lab-dns.js';
import { SCHEMA_FILE, serverFile } from './missing-for-powerdns.js';

const START_ATTEMPTS = 3;
const READY_WITHIN_MS = 15_000;

const http = new OutboundHttp({ name: 'lab-powerdns', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true, maxRetries: 0 });

/**
 * The real pdns_server (gsqlite3) of the Debian packages, or what TRAME_PDNS_SERVER names, without systemd. The directory keeps the database: a second start in it
 * finds its records again. Zones that do not exist are created.
 * @throws Error with the server's last words when it does not come up.
 */
export async function startPowerDns(options: { directory: string; zones: readonly string[]; apiKey?: string }): Promise<LabDns> {
  const apiKey = options.apiKey ?? randomBytes(16).toString('hex');
  await createDatabase(options.directory);
  for (let attempt = 1; ; attempt++) {
    // Ports are chosen before the server binds them, so another process may be faster.
    const [dnsPort, apiPort] = [await freePort(), await freePort()];
    await writeFile(path.join(options.directory, 'pdns.conf'), configuration({ dnsPort, apiPort, apiKey }), { mode: 0o600 });
    const server = new PdnsProcess(options.directory);
    const dns: LabDns = { apiUrl: `http://127.0.0.1:${apiPort}`, apiKey, dnsPort, stop: () => server.stop() };
    try {
      await untilReady(dns, server);
    } catch (error) {
      await server.stop();
      if (attempt < START_ATTEMPTS) continue;
      throw new Error(`pdns_server did not come up: ${server.lastWords}`, { cause: error });
    }
    try {
      for (const zone of options.zones) await createZone(dns, zone);
      return dns;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }
}

/** Made beside and renamed: a start that was killed half-way leaves no database without tables. */
async function createDatabase(directory: string): Promise<void> {
  await mkdir(path.join(directory, 'sock'), { recursive: true });
  const file = path.join(directory, 'pdns.db');
  if ((await readFile(file).catch(() => null)) !== null) return;
  const unfinished = `${file}.new`;
  await rm(unfinished, { force: true });
  const made = await runCommand(['sqlite3', '-bail', unfinished], { stdin: await readFile(SCHEMA_FILE, 'utf8') });
  if (made.code !== 0) throw new Error(`sqlite3 could not make ${unfinished}: ${made.stderr}`);
  await rename(unfinished, file);
}

/** Every cache is off, so that an answer shows what the last request to the API wrote. Paths are relative: a socket path has 107 bytes. */
function configuration({ dnsPort, apiPort, apiKey }: { dnsPort: number; apiPort: number; apiKey: string }): string {
  return `launch=gsqlite3
gsqlite3-database=pdns.db
gsqlite3-pragma-synchronous=0
gsqlite3-dnssec=yes
local-address=127.0.0.1
local-port=${dnsPort}
socket-dir=sock
webserver=yes
webserver-address=127.0.0.1
webserver-port=${apiPort}
webserver-allow-from=127.0.0.1
api=yes
api-key=${apiKey}
daemon=no
guardian=no
disable-syslog=yes
security-poll-suffix=
write-pid=no
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600
`;
}

class PdnsProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly killWithUs = (): void => void this.child.kill('SIGKILL');
  lastWords = '';

  constructor(directory: string) {
    this.child = spawn(serverFile(), ['--config-dir=.'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close').catch((error: unknown) => this.hear(String(error)));
    this.child.stdout?.on('data', (text: Buffer) => this.hear(text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => this.hear(text.toString()));
    process.once('exit', this.killWithUs);
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(): Promise<void> {
    process.off('exit', this.killWithUs);
    if (this.isRunning) this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(timer);
  }

  private hear(text: string): void {
    this.lastWords = (this.lastWords + text).slice(-2000);
  }
}

async function untilReady(dns: LabDns, server: PdnsProcess): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (server.isRunning && Date.now() < deadline) {
    try {
      const { status } = await call(dns, 'GET', '');
      if (status === 200) return;
      throw new Error(`the API answered ${status}`);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
    }
    await sleep(25);
  }
  throw new Error(server.isRunning ? `no answer within ${READY_WITHIN_MS} ms` : 'the process ended');
}

async function createZone(dns: LabDns, zone: string): Promise<void> {
  const { status, body } = await call(dns, 'POST', '/zones', { name: `${zone}.`, kind: 'Native', nameservers: [LAB_NAMESERVER] });
  if (status !== 201 && status !== 409) throw new Error(`zone ${zone} could not be created: ${status} ${body}`);
}

function call(dns: LabDns, method: string, resource: string, body?: unknown): Promise<{ status: number; body: string }> {
  const url = `${dns.apiUrl}/api/v1/servers/localhost${resource}`;
  return http.request({ method, url, headers: { 'x-api-key': dns.apiKey }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}
