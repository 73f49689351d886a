/**
 * What root runs once on a host, and again for each version of Trame, so that we need no root there: a user, its key, the push program, one rule
 * of sudo, and the hook that undoes at boot. docs/operations/install-a-host.md explains it; the lab runs it.
 *
 * The way in has no shell in it: the key may start one root-owned log-in script, that runs one command of sudo, whose rule names one
 * root-owned program by path and SHA-256, without arguments. What that program may be told, see program/gate.ts.
 */
import { invalidValue } from '#engines/kernel';
import { INSTALLED_PROGRAM_PATH, PUSH_PROGRAM, PUSH_PROGRAM_SHA256 } from './push-program.js';

const ALIAS = `TRAME_${PUSH_PROGRAM_SHA256.slice(0, 16).toUpperCase()}`;
const HEX = '[0-9a-f]'.repeat(16);

/** @param publicKeys `ssh-ed25519 AAAA…`, those of the fabric; the file is replaced, so that a key can be taken away. */
export function installScript(publicKeys: readonly string[]): string {
  for (const key of publicKeys) {
    if (!/^(?:ssh-ed25519|ecdsa-sha2-nistp\d{3}|ssh-rsa) [A-Za-z0-9+/=]+$/.test(key))
      throw invalidValue('public key', key, 'one line, `ssh-ed25519 AAAA…`, without a comment');
  }
  const authorized = publicKeys.map((key) => `restrict,command="/usr/local/lib/trame/login" ${key}`).join('\n');
  return String.raw`#!/bin/sh
# Installs this host for Trame (push program ${PUSH_PROGRAM_SHA256.slice(0, 16)}). Run as root; again is harmless.
set -eu
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
[ "$(id -u)" -eq 0 ] || { echo 'run this as root' >&2; exit 1; }

missing=
for needed in sudo:/usr/bin/sudo ifupdown2:/usr/sbin/ifreload frr:/usr/bin/vtysh frr-pythontools:/usr/lib/frr/frr-reload.py \
  openssh-server:/usr/sbin/sshd util-linux:/usr/bin/flock; do
  [ -x "${'$'}{needed#*:}" ] || missing="$missing ${'$'}{needed%%:*}"
done
[ -z "$missing" ] || { echo "install these packages first:$missing" >&2; exit 1; }

# --- the user, without a password and without anything of its own
getent passwd trame > /dev/null || useradd --system --no-create-home --home-dir /usr/local/lib/trame/home --shell /bin/sh trame
usermod -p '*' trame
install -d -o root -g root -m 755 /usr/local/lib/trame /usr/local/lib/trame/home /usr/local/lib/trame/home/.ssh
cat > /usr/local/lib/trame/home/.ssh/authorized_keys.new << 'END_OF_KEYS'
${authorized}
END_OF_KEYS
chmod 644 /usr/local/lib/trame/home/.ssh/authorized_keys.new
mv -f /usr/local/lib/trame/home/.ssh/authorized_keys.new /usr/local/lib/trame/home/.ssh/authorized_keys

# --- what a log-in may do
cat > /usr/local/lib/trame/login.new << 'END_OF_LOGIN'
#!/bin/sh
# Trame: a log-in runs the push program of its version by sudo, and nothing else.
case ${'$'}{SSH_ORIGINAL_COMMAND:-} in
  'sudo -n -- /usr/local/lib/trame/push-'${HEX})
    exec sudo -n -- "${'$'}{SSH_ORIGINAL_COMMAND#sudo -n -- }" ;;
esac
echo 'this account runs the push program of Trame and nothing else' >&2
exit 126
END_OF_LOGIN
chmod 755 /usr/local/lib/trame/login.new
mv -f /usr/local/lib/trame/login.new /usr/local/lib/trame/login

# --- the push program, by its digest: those of earlier versions stay until somebody removes them
cat > ${INSTALLED_PROGRAM_PATH}.new << 'END_OF_PUSH_PROGRAM'
${PUSH_PROGRAM}END_OF_PUSH_PROGRAM
echo "${PUSH_PROGRAM_SHA256}  ${INSTALLED_PROGRAM_PATH}.new" | sha256sum -c --status || { echo 'this script arrived damaged' >&2; exit 1; }
chown root:root ${INSTALLED_PROGRAM_PATH}.new
chmod 755 ${INSTALLED_PROGRAM_PATH}.new
mv -f ${INSTALLED_PROGRAM_PATH}.new ${INSTALLED_PROGRAM_PATH}

# --- the one thing that the user may do as root: this program, with these bytes, without arguments
rule=/etc/sudoers.d/trame-${PUSH_PROGRAM_SHA256.slice(0, 16)}
umask 077
cat > $rule.new << 'END_OF_RULE'
Cmnd_Alias ${ALIAS} = sha256:${PUSH_PROGRAM_SHA256} ${INSTALLED_PROGRAM_PATH} ""
Defaults!${ALIAS} env_reset, env_keep = "SSH_CONNECTION", !requiretty, !use_pty
trame ALL = (root) NOPASSWD: ${ALIAS}
END_OF_RULE
visudo -qcf $rule.new > /dev/null || { rm -f $rule.new; echo 'sudo refuses the rule' >&2; exit 1; }
chmod 440 $rule.new
mv -f $rule.new $rule
umask 022

# --- state, and the hook that undoes at boot what nobody confirmed
install -d -o root -g root -m 755 /var/lib/trame
cat > /usr/local/lib/trame/undo-at-boot << 'END_OF_BOOT'
#!/bin/sh
# Trame: a change that was live and not confirmed when the host went down is undone before the network comes up.
### BEGIN INIT INFO
# Provides:          trame-undo
# Required-Start:    $local_fs
# Required-Stop:
# X-Start-Before:    networking openvswitch-switch frr libvirtd
# Default-Start:     S
# Default-Stop:
# Short-Description: undo what Trame did not confirm
### END INIT INFO
case ${'$'}{1:-start} in start | restart | force-reload) ;; *) exit 0 ;; esac
[ -s /var/lib/trame/pending/program ] || exit 0
read -r program < /var/lib/trame/pending/program
exec /bin/sh "$program" boot
END_OF_BOOT
chmod 755 /usr/local/lib/trame/undo-at-boot
if [ -d /etc/systemd/system ]; then
  cat > /etc/systemd/system/trame-undo.service << 'END_OF_UNIT'
[Unit]
Description=Undo what Trame did not confirm
DefaultDependencies=no
After=local-fs.target systemd-tmpfiles-setup.service
Before=network-pre.target networking.service openvswitch-switch.service ovsdb-server.service frr.service libvirtd.service virtnetworkd.service
Wants=network-pre.target
ConditionPathExists=/var/lib/trame/pending/state
[Service]
Type=oneshot
ExecStart=/usr/local/lib/trame/undo-at-boot
[Install]
WantedBy=sysinit.target
END_OF_UNIT
  mkdir -p /etc/systemd/system/sysinit.target.wants
  ln -sf ../trame-undo.service /etc/systemd/system/sysinit.target.wants/trame-undo.service
fi
# Without systemd as pid 1 the same program is a script of sysvinit, of the same name: where both are, the unit counts.
install -o root -g root -m 755 /usr/local/lib/trame/undo-at-boot /etc/init.d/trame-undo
[ -d /run/systemd/system ] || ! command -v update-rc.d > /dev/null || update-rc.d trame-undo defaults > /dev/null
echo 'this host is installed for Trame: user trame, program ${INSTALLED_PROGRAM_PATH}'
`;
}
