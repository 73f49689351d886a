/** The hook of OpenNebula's VXLAN driver on bridge and tunnel as that driver makes them (`vxlan.rb` of 6.10), by the kernel's own account. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { renderDevice, VXLAN_HOOK_PATH } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForRealHosts() }, "the hook of OpenNebula's VXLAN driver", () => {
  let directory: string;
  let lab: Lab;
  let node: LabNode;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-opennebula-'));
    lab = await Lab.create(join(directory, 'lab'));
    node = await lab.node('host1');
    const snapshot = scenarios['opennebula-networks']?.();
    const artefacts = snapshot ? renderDevice(deviceIntent(compileFabric(snapshot), 'one')) : [];
    await node.writeFile('/run/hook', artefacts.find(({ path }) => path === VXLAN_HOOK_PATH)?.content ?? '');
    await node.run([
      'sh',
      '-c',
      `
chmod 755 /run/hook
make() { ip link add "$1" type bridge; ip link add "$2" mtu 1450 type vxlan id "$3" $4; ip link set "$2" master "$1" up; ip link set "$1" up; }
make vnet10001 lo.10001 10001 'local 172.16.1.51 dstport 4789 nolearning'
make vnet903 lo.903 903 'local 172.16.1.51 dstport 4789'
make vnet10002 lo.10002 10002 'local 172.16.1.51 dstport 4789 nolearning'`,
    ]);
  });
  afterEach(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const call = (...bridges: readonly string[]) => {
    const nics = bridges.map((bridge) => `<NIC><BRIDGE><![CDATA[${bridge}]]></BRIDGE><VN_MAD><![CDATA[vxlan]]></VN_MAD></NIC>`);
    const machine = `<VM><ID>0</ID><TEMPLATE>${nics.join('')}<CONTEXT><X><![CDATA[vnet10002]]></X></CONTEXT></TEMPLATE></VM>`;
    return node.exec(['/run/hook', 'one-0'], { stdin: Buffer.from(machine).toString('base64') });
  };
  const port = async (name: string) => {
    const said = await node.run(['bridge', '-d', 'link', 'show', 'dev', name]);
    return [/ learning (on|off)/.exec(said)?.[1], /neigh_suppress (on|off)/.exec(said)?.[1]];
  };

  it('takes learning from the bridge where EVPN has taken it from the tunnel, and only on bridges of the machine', async () => {
    expect(await call('vnet10001', 'vnet903', '$(touch /run/owned)', 'none')).toMatchObject({ code: 0, stderr: '' });
    expect(await port('lo.10001')).toEqual(['off', 'on']);
    expect(await port('lo.903')).toEqual(['on', 'off']);
    expect(await port('lo.10002')).toEqual(['on', 'off']);
    expect(await call('vnet10001')).toMatchObject({ code: 0 });
    expect(await node.exec(['ls', '/run/owned'])).toMatchObject({ code: 2 });
  });
});
