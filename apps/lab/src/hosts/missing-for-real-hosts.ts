/** Says in words why real hosts cannot run on this machine, so that a caller can print "skipped: needs …". */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const NEEDED_PROGRAMS: readonly { readonly file: string; readonly debianPackage: string }[] = [
  { file: '/usr/bin/vtysh', debianPackage: 'frr' },
  { file: '/usr/lib/frr/zebra', debianPackage: 'frr' },
  { file: '/usr/lib/frr/bgpd', debianPackage: 'frr' },
  { file: '/usr/lib/frr/frr-reload.py', debianPackage: 'frr-pythontools' },
  { file: '/usr/sbin/ifreload', debianPackage: 'ifupdown2' },
  { file: '/usr/sbin/sshd', debianPackage: 'openssh-server' },
  { file: '/usr/bin/unshare', debianPackage: 'util-linux' },
  { file: '/usr/bin/nsenter', debianPackage: 'util-linux' },
  { file: '/usr/bin/flock', debianPackage: 'util-linux' },
  { file: '/usr/bin/ping', debianPackage: 'iputils-ping' },
  { file: '/usr/bin/ip', debianPackage: 'iproute2' },
];

/** Tried in namespaces of their own: a container often has root without the right to make them. */
const KERNEL_TRIALS: readonly { readonly feature: string; readonly script: string }[] = [
  { feature: 'network, mount and pid namespaces', script: 'mount -t tmpfs tmpfs /run' },
  { feature: 'veth interfaces', script: 'ip link add trame0 type veth peer name trame1' },
  { feature: 'bridges', script: 'ip link add trame0 type bridge' },
  { feature: 'VXLAN interfaces', script: 'ip link add trame0 type vxlan id 1 dstport 4789' },
];

/** @returns an empty list where real hosts can run; otherwise everything that is missing, each in a few words. */
export function missingForRealHosts(): string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') return [`needs Linux, this is ${process.platform}`];
  if (process.getuid?.() !== 0) missing.push('needs root');
  const packages = new Map<string, string[]>();
  for (const { file, debianPackage } of NEEDED_PROGRAMS) {
    if (!existsSync(file)) packages.set(debianPackage, [...(packages.get(debianPackage) ?? []), file]);
  }
  for (const [name, files] of packages) missing.push(`needs Debian package ${name} (${files.join(', ')})`);
  return missing.length > 0 ? missing : missingInKernel();
}

function missingInKernel(): string[] {
  const missing: string[] = [];
  for (const { feature, script } of KERNEL_TRIALS) {
    const trial = spawnSync(
      'unshare',
      ['--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', script],
      {
        encoding: 'utf8',
        timeout: 10_000,
      },
    );
    if (trial.status !== 0) missing.push(`needs a kernel that allows ${feature} (${trial.stderr.trim().split('\n')[0] ?? 'no answer'})`);
  }
  return missing;
}
