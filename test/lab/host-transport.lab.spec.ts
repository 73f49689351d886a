/** The transport against real hosts: namespaces with sshd, ifupdown2 and FRR. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSshKeyPair, SshHostTransport } from '#adapters/ssh';
import { Lab, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { type ContractHost, describeSshTransportContract, UNDERLAY_ONLY, WITH_NETWORK } from '../contract/ssh-transport.contract.js';

/** One blank host; the far end of ens19 is a node without any configuration. */
async function realHost(): Promise<ContractHost & { run(argv: readonly string[]): Promise<string> }> {
  const directory = await mkdtemp(join(tmpdir(), 'trame-host-'));
  const lab = await Lab.create(directory);
  const client = generateSshKeyPair();
  const [pve1, far] = await Promise.all([lab.host('pve1', { authorizedKeys: [client.publicKey] }), lab.node('far')]);
  await lab.link(pve1, 'ens19', far, 'eth1');
  const { node } = pve1;
  return {
    target: {
      slug: 'pve1',
      address: pve1.sshAddress,
      port: pve1.sshPort,
      username: 'root',
      secret: client.privateKey,
      sshHostKeys: [pve1.sshHostKey],
      tlsSpkiSha256: [],
    },
    readFile: (path) =>
      readFile(node.hostPath(path), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      }),
    run: (argv) => node.run(argv),
    writeFile: (path, content) => node.writeFile(path, content),
    runningConfig: () => node.run(['vtysh', '-c', 'show running-config']),
    interfaces: async () => (await node.run(['ls', '/sys/class/net'])).split('\n'),
    logins: async () => {
      const log = await readFile(node.hostPath('/etc/ssh/lab_sshd.log'), 'utf8').catch(() => '');
      return log.split('\n').filter((line) => line.startsWith('Accepted publickey')).length;
    },
    dropConnections: () => pve1.dropConnections(),
    loseTimer: async () => {
      // Inside the node's own process namespace: only its own watchers can be meant.
      await node.exec(['pkill', '-KILL', '-f', '/var/lib/trame/push-[0-9a-f]*.sh watch']);
      pve1.dropConnections();
    },
    close: async () => {
      await lab.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

describeWith({ missing: missingForRealHosts() }, 'real hosts', () => {
  describeSshTransportContract('a real host', realHost);

  it('forward after a push no more than before: the management network is no way through', async () => {
    const host = await realHost();
    try {
      const knobs = (write: string) =>
        host.run(['sh', '-c', `cd /proc/sys/net; for knob in ipv4/ip_forward ipv6/conf/all/forwarding; do ${write} $knob; done`]);
      await knobs('echo 0 >'); // As an installed host.
      const connection = await new SshHostTransport({ connectMs: 5_000 }).open(host.target, new AbortController().signal);
      for (const [fence, artefacts] of [UNDERLAY_ONLY, WITH_NETWORK].entries()) {
        const push = { planId: `plan-${fence + 1}`, revision: fence + 1, fence: fence + 1 };
        await connection.stage(push, artefacts, []);
        await connection.apply(push, 60);
        const report = await connection.verify(push, artefacts, { vnis: [], neighbors: [] }, 5_000);
        expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
        await connection.confirm(push);
        expect(await knobs('cat')).toBe('0\n0\n');
      }
      await connection.close();
    } finally {
      await host.close();
    }
  });
});
