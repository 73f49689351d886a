/** Open vSwitch in a node of a lab. With its userspace datapath frames really flow without a module of the kernel. */
import { OVS_DUMP, type OvsRows, type OvsTransaction, ovsTransaction, parseOvsDump } from '#engines/reconcile';
import type { LabNode } from '../../apps/lab/src/hosts/index.js';
import { missing } from './describe-with.js';

const START = `
mkdir -p /run/openvswitch
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server /run/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach --no-chdir -vconsole:off -vsyslog:off
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach --no-chdir -vconsole:off -vsyslog:off
`;

export const missingForOvsSwitch = (): string[] =>
  missing({ root: true, programs: { 'openvswitch-switch': '/usr/sbin/ovs-vswitchd', 'openvswitch-common': '/usr/bin/ovs-vsctl' } });

export class OvsSwitch<N extends Pick<LabNode, 'run'> = LabNode> {
  private constructor(readonly node: N) {}

  static async start<N extends Pick<LabNode, 'run'>>(node: N): Promise<OvsSwitch<N>> {
    await node.run(['sh', '-ec', START]);
    return new OvsSwitch(node);
  }

  vsctl(...args: readonly string[]): Promise<string> {
    return this.node.run(['ovs-vsctl', '--timeout=10', ...args]);
  }

  async transaction(desired: OvsRows, previous: OvsRows | null = null): Promise<OvsTransaction> {
    return ovsTransaction({ previous, desired, current: parseOvsDump(await this.vsctl(...OVS_DUMP)) });
  }

  /** Waits until the switch has done what the database says. */
  async apply(desired: OvsRows, previous: OvsRows | null = null): Promise<void> {
    const { argv } = await this.transaction(desired, previous);
    if (argv.length > 0) await this.vsctl(...argv);
  }
}
