/** A fabric of real FRR daemons: a node per host of a snapshot, its links as cables, its files as rendered, only the daemons that these name. */
import { writeFile } from 'node:fs/promises';
import { compileFabric, type DeviceIntent, type FabricSnapshot } from '#engines/intent';
import { FRR_DAEMONS_PATH, FRR_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode } from '../../apps/lab/src/hosts/index.js';

/** zebra first: the others try again only after 10 s when they do not find it. What `vtysh -b` says is kept. */
const START = `
. /etc/frr/daemons
chown -R frr:frr /etc/frr /var/log/frr
/usr/lib/frr/zebra -d $zebra_options --log file:/var/log/frr/zebra.log 2>/dev/null || exit 1
for name in bgpd ospfd isisd fabricd bfdd staticd; do
  eval "wanted=\\$$name options=\\$\{$\{name}_options}"
  [ "$wanted" = yes ] || [ $name = staticd ] || continue
  /usr/lib/frr/$name -d $options --log file:/var/log/frr/$name.log || exit 1
done
vtysh -b 2>&1
`;

/** What FRR says while it reads a file in order, of what comes later in it or hangs on an interface that is not there. */
const PROVISIONAL =
  /^(?:The route-map '\S+' does not exist\.|Static Route to \S+ not installed currently because dependent config not fully available)$/;

export class FrrFabric {
  private readonly nodes = new Map<string, LabNode>();

  private constructor(
    readonly lab: Lab,
    private readonly devices: readonly DeviceIntent[],
  ) {}

  /** @param directory for the lab; `close()` removes it. */
  static async start(directory: string, snapshot: FabricSnapshot): Promise<FrrFabric> {
    const fabric = new FrrFabric(
      await Lab.create(directory),
      compileFabric(snapshot).devices.filter(({ platform }) => platform === 'DEBIAN_FRR'),
    );
    try {
      await Promise.all(fabric.devices.map(async ({ slug }) => fabric.nodes.set(slug, await fabric.lab.node(slug))));
      const slugs = new Map(fabric.devices.map(({ deviceId, slug }) => [deviceId, slug]));
      for (const { ends } of snapshot.links) {
        const [a, b] = ends.map(({ deviceId, port }) => ({ slug: slugs.get(deviceId), port }));
        if (a?.slug && b?.slug) await fabric.lab.link(fabric.node(a.slug), a.port, fabric.node(b.slug), b.port);
      }
      await Promise.all(fabric.devices.map((device) => fabric.bringUp(device)));
    } catch (error) {
      await fabric.close();
      throw error;
    }
    return fabric;
  }

  get slugs(): readonly string[] {
    return this.devices.map(({ slug }) => slug);
  }

  node(slug: string): LabNode {
    const node = this.nodes.get(slug);
    if (!node) throw new Error(`the fabric has no host ${slug}, it has ${this.slugs.join(', ')}`);
    return node;
  }

  /** The answer of a `show … json`. */
  async show(slug: string, command: string): Promise<unknown> {
    return JSON.parse(await this.node(slug).run(['vtysh', '-c', `show ${command} json`]));
  }

  /** What frr-reload would change; empty where the daemons run what the file says. */
  async residue(slug: string): Promise<string> {
    return (await this.node(slug).run(['/usr/lib/frr/frr-reload.py', '--test', '--stdout', FRR_PATH])).trim();
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  private async bringUp(device: DeviceIntent): Promise<void> {
    const node = this.node(device.slug);
    const files = new Map(renderDevice(device).map(({ path, content }) => [path, content]));
    await writeFile(node.hostPath(FRR_PATH), files.get(FRR_PATH) ?? '');
    await writeFile(
      node.hostPath(FRR_DAEMONS_PATH),
      files.get(FRR_DAEMONS_PATH) ??
        'bgpd=yes\nzebra_options="-A 127.0.0.1 -s 90000000"\nbgpd_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n',
    );
    await node.run(['sh', '-ec', interfaces(device).join('\n')]);
    const said = (await node.run(['sh', '-c', START])).split('\n').filter((line) => line !== '' && !PROVISIONAL.test(line));
    if (said.length > 0) throw new Error(`FRR of ${device.slug} did not take its file: ${said.join('\n')}`);
  }
}

/** As ifupdown2 would make them, ten times as fast; VRFs are beyond this kernel. */
function interfaces({ vtep, underlayPorts, l2vnis }: DeviceIntent): string[] {
  return [
    ...(vtep ? [`ip address add ${vtep.address}/32 dev lo`] : []),
    ...underlayPorts.flatMap(({ port, address, prefixLength }) =>
      address === null ? [] : [`ip address add ${address}/${prefixLength} dev ${port}`],
    ),
    ...l2vnis.flatMap(({ vni, vxlanName, bridgeName, mtu }) => [
      `ip link add ${vxlanName} type vxlan id ${vni} local ${vtep?.address} dstport ${vtep?.udpPort} nolearning`,
      `ip link add ${bridgeName} type bridge stp_state 0 forward_delay 0`,
      `ip link set ${vxlanName} master ${bridgeName} mtu ${mtu}`,
      `bridge link set dev ${vxlanName} learning off neigh_suppress on`,
      `ip link set ${vxlanName} up`,
      `ip link set ${bridgeName} mtu ${mtu} up`,
    ]),
  ];
}
