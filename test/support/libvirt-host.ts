/** A host of the lab with a real libvirtd: its own /etc and its own state, guests by TCG, no systemd. */
import type { Lab, LabNode } from '../../apps/lab/src/hosts/index.js';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { missing } from './describe-with.js';

export const missingForLibvirt = (): string[] => [
  ...missingForRealHosts(),
  ...missing({
    programs: {
      'libvirt-daemon': '/usr/sbin/libvirtd',
      'libvirt-clients': '/usr/bin/virsh',
      'qemu-system-x86': '/usr/bin/qemu-system-x86_64',
    },
  }),
];

/** What libvirtd writes is put on tmpfs; of /etc the node sees a copy that it may change. */
const PREPARE = `
set -e
mkdir -p /run/over/upper /run/over/work
mount -t tmpfs tmpfs /run/over
mkdir -p /run/over/upper /run/over/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/over/upper,workdir=/run/over/work /etc
for folder in /var/log /var/cache; do mount -t tmpfs tmpfs $folder; done
rm -rf /var/lib/libvirt /etc/libvirt/qemu /etc/libvirt/hooks
mkdir -p /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt/hooks/qemu.d /run/libvirt
getent passwd libvirt-qemu >/dev/null || { groupadd -r libvirt-qemu; useradd -r -g libvirt-qemu -d /var/lib/libvirt -s /usr/sbin/nologin libvirt-qemu; }
`;

const CONFIGURE = `
for setting in 'security_driver = "none"' 'user = "root"' 'group = "root"' 'cgroup_controllers = []' 'namespaces = []' 'remember_owner = 0' 'stdio_handler = "file"'; do
  echo "$setting"
done > /etc/libvirt/qemu.conf
for setting in 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' 'unix_sock_group = "root"' 'log_outputs = "2:file:/run/libvirtd.log"'; do
  echo "$setting"
done > /etc/libvirt/libvirtd.conf
`;

const START = `
libvirtd -d -p /run/libvirtd.pid || exit 1
for try in $(seq 100); do virsh -c qemu:///system list >/dev/null 2>&1 && exit 0; sleep 0.05; done
cat /run/libvirtd.log >&2
exit 1
`;

export class LibvirtHost {
  private constructor(readonly node: LabNode) {}

  /** @param files to be there before libvirtd starts, by path: it looks for hooks then, and only then. `#!` makes them programs. */
  static async start(lab: Lab, name: string, files: Readonly<Record<string, string>> = {}): Promise<LibvirtHost> {
    const node = await lab.node(name);
    await node.run(['sh', '-c', PREPARE]);
    for (const [path, content] of Object.entries(files)) {
      await node.writeFile(path, content);
      if (content.startsWith('#!')) await node.run(['chmod', '755', path]);
    }
    await node.run(['sh', '-c', CONFIGURE]);
    const host = new LibvirtHost(node);
    await host.startLibvirtd();
    return host;
  }

  async startLibvirtd(): Promise<void> {
    await this.node.run(['sh', '-c', START]);
  }

  /** Guests go on. */
  async stopLibvirtd(): Promise<void> {
    await this.node.run(['sh', '-c', 'kill $(cat /run/libvirtd.pid); while [ -e /run/libvirtd.pid ]; do sleep 0.05; done']);
  }

  /** @returns what it printed. @throws Error with virsh's own words. */
  virsh(...args: readonly string[]): Promise<string> {
    return this.node.run(['virsh', '-q', '-c', 'qemu:///system', ...args]);
  }

  /** A guest of 64 MiB that never runs a step: its interfaces are plugged in, which is what there is to see. */
  async startGuest(name: string, interfaces: readonly string[]): Promise<void> {
    await this.node.writeFile(`/run/${name}.xml`, guestXml(name, interfaces));
    await this.virsh('create', `/run/${name}.xml`, '--paused');
  }
}

/** @param interfaces each as `<interface …>…</interface>`. */
export function guestXml(name: string, interfaces: readonly string[]): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${interfaces.join('')}</devices></domain>\n`;
}
