// A host that was built by hand, taken over: real FRR says that what Trame writes for it changes nothing, and what each fix changes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent, type DeviationCode, type FabricSnapshot } from '#engines/intent';
import { onboard } from '#engines/onboarding';
import { handBuiltFabricInFull, HOST_FRR } from '#engines/onboarding/testing';
import { FRR_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForRealHosts() }, 'a host that was built by hand', () => {
  let directory: string;
  let lab: Lab;
  let host: LabNode;
  const { snapshot } = onboard(handBuiltFabricInFull());

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-adopted-'));
    lab = await Lab.create(join(directory, 'lab'));
    host = await lab.node('pve1');
    const leaf = await lab.node('test');
    await lab.link(host, 'ens19', leaf, 'Ethernet1');
    await host.startFrr(HOST_FRR.slice(HOST_FRR.indexOf('frr version')));
  });
  afterAll(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const without = (code: DeviationCode): FabricSnapshot => ({
    ...snapshot,
    devices: snapshot.devices.map((device) =>
      device.adopted
        ? { ...device, adopted: { ...device.adopted, deviations: device.adopted.deviations.filter((one) => one.code !== code) } }
        : device,
    ),
  });
  const textOf = (of: FabricSnapshot): string =>
    renderDevice(deviceIntent(compileFabric(of), 'pve1')).find(({ path }) => path === FRR_PATH)?.content ?? '';
  /** What frr-reload would do to the running daemons. */
  async function leftToChange(of: FabricSnapshot): Promise<readonly string[]> {
    await host.writeFile(FRR_PATH, textOf(of));
    const said = await host.run(['/usr/lib/frr/frr-reload.py', '--test', '--stdout', FRR_PATH]);
    return said.split('\n').filter((line) => line.trim() !== '' && !/^(?:Lines To|=+$)/.test(line));
  }

  it('is not changed by being taken over', async () => {
    expect(await leftToChange(snapshot)).toEqual([]);
  });

  it('changes by one fix in what the fix is about, and in nothing else', async () => {
    const fixed = (await leftToChange(without('REDISTRIBUTES_CONNECTED'))).join('\n');
    expect(fixed).toContain('network 172.16.1.51/32');
    expect(fixed).toContain('redistribute connected');
    expect(fixed).not.toMatch(/timers|vni|neighbor|extended-nexthop/);
  });

  it('is given up without a rest when its session and its network go', async () => {
    const { sessions: _sessions, ...rest } = snapshot;
    const bare: FabricSnapshot = { ...rest, sessions: [], networks: [], attachments: [], vlanMappings: [], routeDistinguishers: [] };
    await host.writeFile(FRR_PATH, textOf(bare));
    await host.run(['/usr/lib/frr/frr-reload.py', '--reload', FRR_PATH]);
    expect(await leftToChange(bare)).toEqual([]);
    expect(await host.run(['vtysh', '-c', 'show running-config'])).not.toContain('192.168.100.1 ');
  });
});
