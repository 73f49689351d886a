/**
 * A gateway of your own: TRAME_OPENBSD_SSH=root@192.0.2.1:22, TRAME_OPENBSD_KEY=file with the private key, TRAME_OPENBSD_HOST_KEY="ssh-ed25519 AAAA…".
 * It must have no vxlan307, vxlan777, vxlan903 and no bridges of these numbers; /etc/trame is removed before and after each test.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { ContractGateway } from './openbsd-gateway.contract.js';

const PLACE = /^(\w+)@([\w.:-]+?):(\d+)$/;

export const realGatewayIsNamed = (): boolean => process.env['TRAME_OPENBSD_SSH'] !== undefined;

export async function realGateway(secret: string): Promise<ContractGateway> {
  const [, username = '', address = '', port = ''] = PLACE.exec(process.env['TRAME_OPENBSD_SSH'] ?? '') ?? [];
  if (username === '') throw new Error('TRAME_OPENBSD_SSH is not root@ADDRESS:PORT');
  const run = async (command: string, input = ''): Promise<string> => {
    const key = process.env['TRAME_OPENBSD_KEY'] ?? '';
    const argv = ['-i', key, '-p', port, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', `${username}@${address}`, command];
    const child = spawn('ssh', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(input);
    return text(child.stdout);
  };
  const clean = async (): Promise<void> => {
    const names = [307, 777, 903].flatMap((vni) => [`bridge${vni}`, `vxlan${vni}`]);
    await run(`for i in ${names.join(' ')}; do ifconfig $i destroy 2> /dev/null; rm -f /etc/hostname.$i; done; rm -rf /etc/trame`);
  };
  await clean();
  return {
    target: {
      slug: 'pf1',
      address,
      port: Number(port),
      username,
      secret,
      sshHostKeys: [process.env['TRAME_OPENBSD_HOST_KEY'] ?? ''],
      tlsSpkiSha256: [],
    },
    readFile: async (path) => {
      const found = await run(`[ -f ${path} ] && { echo yes; cat ${path}; }`);
      return found.startsWith('yes\n') ? found.slice(4) : null;
    },
    writeFile: async (path, content) => void (await run(`cat > ${path}`, content)),
    run: (command) => run(command),
    interfaces: async () => (await run('ifconfig')).split('\n').flatMap((line) => /^(\w+): flags=/.exec(line)?.[1] ?? []),
    dropConnections: () => undefined, // The far end does not tell ours from others'.
    loseTimer: async () => void (await run('pkill -KILL -f "/etc/trame/push-[0-9a-f]*.sh watch"')),
    close: clean,
  };
}
