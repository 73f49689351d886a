/** The transport against simulated hosts: the same contract as real ones, and the faults that only a simulator can bring. */
import { generateSshKeyPair } from '#adapters/ssh';
import { SimulatedHost } from '../../apps/lab/src/simulated-host/index.js';
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { type ContractHost, describeSshTransportContract } from './ssh-transport.contract.js';

async function simulatedHost(): Promise<ContractHost> {
  const client = generateSshKeyPair();
  const host = await SimulatedHost.start({ slug: 'pve1', authorizedKeys: [client.publicKey], fabric: new SimulatedFabric(), applyMs: 50 });
  return {
    target: {
      slug: 'pve1',
      address: host.sshAddress,
      port: host.sshPort,
      username: 'root',
      secret: client.privateKey,
      sshHostKeys: [host.sshHostKey],
      tlsSpkiSha256: [],
    },
    readFile: (path) => Promise.resolve(host.system.readFile(path)),
    writeFile: (path, content) => Promise.resolve(host.system.writeFile(path, content)),
    runningConfig: () => Promise.resolve(host.system.routing.lines.join('\n')),
    interfaces: () => Promise.resolve(host.system.interfaces.map(({ name }) => name)),
    logins: () => Promise.resolve(host.logins),
    dropConnections: () => host.dropConnections(),
    loseTimer: () => Promise.resolve(host.reboot()),
    close: () => host.close(),
  };
}

describeSshTransportContract('a simulated host', simulatedHost);
