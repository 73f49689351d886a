/** What is wrong with networks of libvirt, in the words of their reader; and what of Open vSwitch is left as it is. */
import { OVS_DUMP } from '#engines/reconcile';
import type { ReadDevice } from '../read-device.js';
import type { LintFinding } from './lint-finding.js';

export function virtualLint({ seen, virtual }: ReadDevice): readonly LintFinding[] {
  const devices = [seen.name];
  return [
    ...virtual.libvirt.flatMap(({ network, facts }): readonly LintFinding[] => [
      ...network.problems.map(({ code, path, message }) => ({
        code: `LIBVIRT_${code}`,
        severity: 'WARNING' as const,
        devices,
        subject: `${network.name}: ${path}`,
        sentence: `libvirt network ${network.name} on ${seen.name} was accepted by net-define and does not do what it says (${path})`,
        fix: message,
      })),
      ...(facts === null
        ? [
            {
              code: 'LIBVIRT_NOT_TAKEN_OVER',
              severity: 'INFO' as const,
              devices,
              subject: network.name,
              sentence: `libvirt network ${network.name} on ${seen.name} makes its own bridge, or has a VLAN that cannot be: it is left as it is`,
              fix: "plug it into a bridge with <forward mode='bridge'/> to have it in the model",
            },
          ]
        : []),
    ]),
    ...(virtual.openvswitch !== null && virtual.openvswitch.dump === null
      ? [
          {
            code: 'OVS_SHOWN_IN_PART',
            severity: 'INFO' as const,
            devices,
            subject: 'ovs-vsctl show',
            sentence: `\`ovs-vsctl show\` of ${seen.name} does not say modes of bonds, mirrors and sFlow: that nothing would change there is not shown`,
            fix: `give \`ovs-vsctl ${OVS_DUMP.join(' ')}\``,
          },
        ]
      : []),
    ...(virtual.openvswitch?.kept ?? []).map((what) => ({
      code: 'OVS_KEPT',
      severity: 'INFO' as const,
      devices,
      subject: what,
      sentence: `${what} on ${seen.name} is in no fact of the model: no transaction of Trame touches it`,
      fix: 'nothing is to be done',
    })),
  ];
}
