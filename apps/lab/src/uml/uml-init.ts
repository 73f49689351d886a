/**
 * What the user-mode kernel runs as its first program, in two steps. It takes the machine's own root read-only, lays a writable
 * one over it that is thrown away, and then does what it is told, line by line, on its console. Learned by trial:
 *  - modules are loaded here, from the package's own folder: the kernel's own way of asking for them does not find it;
 *  - pivot_root, not chroot: `nsenter --mount` would come out of a chroot and stand in the read-only root;
 *  - nothing on hostfs is visible outside before it is closed, so what a command says is collected on a tmpfs and copied.
 */

/** Kernel modules of the Debian package user-mode-linux that networks are made of. */
const MODULES = [
  'overlay',
  'dummy',
  'vrf',
  'bonding',
  '8021q',
  'bridge',
  'vxlan',
  'veth',
  'macvlan',
  'openvswitch',
  'vport_vxlan',
  'ip_tables',
  'iptable_nat',
  'iptable_filter',
  'ip6table_nat',
  'ip6table_filter',
  'nf_tables',
  'nft_compat',
  'nft_chain_nat',
  'xt_MASQUERADE',
  'xt_nat',
  'xt_tcpudp',
];

/** Tells the outside that the machine listens. */
export const READY = 'trame-uml ready';

/** @param share folder of the machine underneath through which files go in and out. */
export function umlInit(share: string): string {
  return `#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
stty raw -echo
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/modules/lib/modules /run/overlay
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/modules/lib/modules/$(uname -r)"
modprobe -d /run/modules -a ${MODULES.join(' ')} 2>/dev/null
mount -t tmpfs -o size=70% tmpfs /run/overlay
mkdir /run/overlay/upper /run/overlay/work /run/overlay/root
mount -t overlay overlay -o lowerdir=/,upperdir=/run/overlay/upper,workdir=/run/overlay/work /run/overlay/root
cd /run/overlay/root || exit 1
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm run/share run/netns run/lock run/frr run/network run/openvswitch run/commands
ln -s /proc/self/fd dev/fd
mount -t devpts devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t hostfs none run/share -o ${share}
ip link set lo up
hostname uml
mount --make-rprivate /
mkdir -p .old
pivot_root . .old
exec chroot . /bin/bash /run/share/agent
`;
}

/** A line on the console is the name of a command below /run/share; each runs beside the others and says when it has ended. */
export const UML_AGENT = `cd /
umount -l /.old
rmdir /.old
# This kernel has no IPv4 family for nftables: translation goes the older way, behind the same commands.
for tool in iptables ip6tables; do
  ln -sf "/usr/sbin/$tool-legacy" "/etc/alternatives/$tool"
  ln -sf "/usr/sbin/$tool-legacy-save" "/etc/alternatives/$tool-save"
  ln -sf "/usr/sbin/$tool-legacy-restore" "/etc/alternatives/$tool-restore"
done
exec 3<&0 4>&1 </dev/null
printf '${READY}\\n' >&4
while IFS= read -r id <&3; do
  (
    share=/run/share/$id said=/run/commands/$id
    ( . "$share.sh" ) <"$share.in" >"$said.out" 2>"$said.err" 3<&- 4>&-
    code=$?
    [ -s "$said.out" ] && cat "$said.out" >"$share.out"
    [ -s "$said.err" ] && cat "$said.err" >"$share.err"
    printf 'ended %s %s\\n' "$id" "$code" >&4
  ) &
done
echo o >/proc/sysrq-trigger
sleep 10
`;
