/** A gateway of the lab for the contract: sshd is real, ifconfig and netstart are stand-ins (apps/lab/src/openbsd). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSshKeyPair } from '#adapters/ssh';
import { Lab } from '../../apps/lab/src/hosts/index.js';
import { LabGateway } from '../../apps/lab/src/openbsd/lab-gateway.js';
import type { ContractGateway } from './openbsd-gateway.contract.js';

/** @param shell in the place of sh. */
export async function standIn(shell = ''): Promise<ContractGateway & { killWorkers(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'trame-openbsd-'));
  const lab = await Lab.create(directory);
  const client = generateSshKeyPair();
  const node = await lab.node('pf1', { ownSystem: true });
  const gateway = await LabGateway.start(node, [client.publicKey], shell);
  const killWorkers = async (): Promise<void> => {
    // Inside the node's own process namespace: only its own programs can be meant.
    await node.exec(['pkill', '-KILL', '-f', '/etc/trame/push-[0-9a-f]*.sh']);
  };
  return {
    target: {
      slug: 'pf1',
      address: gateway.sshAddress,
      port: gateway.sshPort,
      username: 'root',
      secret: client.privateKey,
      sshHostKeys: [gateway.sshHostKey],
      tlsSpkiSha256: [],
    },
    readFile: async (path) => {
      const { code, stdout } = await node.exec(['cat', '--', path]);
      return code === 0 ? stdout : null;
    },
    writeFile: (path, content) => node.writeFile(path, content),
    run: (command) => node.run(['sh', '-c', `PATH=/sbin:/usr/sbin:/bin:/usr/bin; ${command}`]),
    interfaces: async () => (await node.run(['/usr/sbin/ifconfig'])).trim().split('\n'),
    dropConnections: () => gateway.dropConnections(),
    killWorkers,
    loseTimer: async () => {
      await node.exec(['pkill', '-KILL', '-f', '/etc/trame/push-[0-9a-f]*.sh watch']);
      gateway.dropConnections();
    },
    close: async () => {
      await gateway.close();
      await lab.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
