/** Putting in force, and back: files, Open vSwitch, interfaces, FRR, libvirt, in this order. */
export const FORCE = String.raw`
uses_frr() { [ -f "$pending/new/frr" ] || [ -f "$pending/old/frr" ]; }

daemons_of() { # old|new: what the file starts beside zebra and bgpd
  sed -n 's/^\([a-z]*d\)=yes$/\1/p' "$pending/$1/daemons" 2> /dev/null | grep -vx bgpd
}

daemons_answer() { # old|new
  uses_frr || return 0
  for daemon in zebra bgpd $(daemons_of "$1"); do
    run timeout 10 vtysh -d $daemon -c 'show version' > /dev/null 2> "$work/daemons" || {
      printf 'FRR does not answer (%s): ' $daemon
      cat "$work/daemons"
      return 1
    }
  done
}

# watchfrr is started again and starts or stops what the file now names; the other daemons, and their sessions, go on (frrinit.sh reload, FRR 8.4).
# It ends in a frr-reload.py of its own, which would let the host forward (see quiet_vtysh): so what runs lies there meanwhile, and it has nothing to do.
reload_daemons() {
  differs daemons || return 0
  [ -f /etc/frr/daemons ] || return 0
  held=no
  if [ -f /etc/frr/frr.conf ] && run timeout 10 vtysh -c 'show running-config' > "$work/running" 2> /dev/null; then
    held=yes
    cp -p /etc/frr/frr.conf "$work/frr-wanted" && sed '1,/^Current configuration:/d' "$work/running" > /etc/frr/frr.conf
  fi
  if [ -d /run/systemd/system ]; then
    reload 120 systemctl reload frr > "$work/watchfrr" 2>&1
  else
    reload 120 /usr/lib/frr/frrinit.sh reload > "$work/watchfrr" 2>&1
  fi
  [ $held = no ] || mv "$work/frr-wanted" /etc/frr/frr.conf
  # It ends with the status of frr-reload.py, which is asked again below: what counts is that the daemons are there, soon.
  tries=0
  until daemons_answer "$1" > "$work/daemons-say"; do
    tries=$((tries + 1))
    [ $tries -le 50 ] || { cat "$work/daemons-say"; tail -n 5 "$work/watchfrr"; return 1; }
    sleep 0.2
  done
}

# FRR prints "no ip forwarding" where the host does not forward by itself, and frr-reload.py takes back what the file does not say: the first push
# would let all interfaces forward, IPv6 too, the management among them (8.4.4). So it reads the running configuration without these lines, unless
# the file has something to say of them. Below /run programs may be forbidden.
quiet_vtysh() {
  grep -qsE '^(no )?ip(v6)? forwarding$' /etc/frr/frr.conf && judge=/usr/bin && return 0
  judge=$state/bin
  [ ! -x "$judge/vtysh" ] || return 0
  mkdir -p "$judge" && cat > "$judge/vtysh.$$" << 'END' && chmod 700 "$judge/vtysh.$$" && mv "$judge/vtysh.$$" "$judge/vtysh"
#!/bin/sh
case "$*" in
  *'show running-config'*) said=$(/usr/bin/vtysh "$@") || exit; printf '%s\n' "$said" | sed -E '/^no ip(v6)? forwarding$/d' ;;
  *) exec /usr/bin/vtysh "$@" ;;
esac
END
}

reload_frr() {
  uses_frr || return 0
  # Without a file FRR runs with nothing. frr-reload.py saves the running configuration when it is given another path than
  # frr.conf, so the empty file has to lie there for a moment.
  bare=no
  [ -f /etc/frr/frr.conf ] || { bare=yes; : > /etc/frr/frr.conf; own frr /etc/frr/frr.conf; }
  quiet_vtysh
  reload 120 /usr/lib/frr/frr-reload.py --bindir "$judge" --reload --stdout /etc/frr/frr.conf > "$work/frr" 2>&1
  reloaded=$?
  [ $bare = no ] || rm -f /etc/frr/frr.conf
  [ $reloaded -eq 0 ] || { echo "frr-reload.py ended with $reloaded:"; grep -E -e '^%' -e '^line [0-9]' -e 'ERROR|vtysh|daemon' "$work/frr" | tail -n 20; }
  return $reloaded
}

guest_masters() { # "PORT BRIDGE" of what hypervisors plugged in
  for link in /sys/class/net/*/master; do
    port=${'$'}{link%/master}
    port=${'$'}{port##*/}
    case $port in tap* | veth* | fwpr* | fwln* | vnet*) ;; *) continue ;; esac
    bridge=$(readlink "$link") && echo "$port ${'$'}{bridge##*/}"
  done
}

reload_interfaces() {
  guest_masters > "$work/guest-masters"
  reload 60 ifreload -a > "$work/ifreload" 2>&1
  reloaded=$?
  # Without bridge-ports-condone-regex ifupdown2 takes guests out of a bridge whose stanza has changed: no change of ours may do that.
  while read -r port bridge; do
    [ -e "/sys/class/net/$port" ] && [ ! -e "/sys/class/net/$port/master" ] && [ -d "/sys/class/net/$bridge/bridge" ] || continue
    run ip link set "$port" master "$bridge"
  done < "$work/guest-masters"
  [ $reloaded -eq 0 ] || { echo "ifreload ended with $reloaded:"; tail -n 20 "$work/ifreload"; }
  return $reloaded
}

# Interfaces before FRR, which ties a VNI to a device that exists. Says what went wrong. A new state ends at the first failure; on the way
# back everything is tried.
put_in_force() { # old|new
  forced=0
  for step in "place_all $1" "change_switch $1" reload_interfaces "reload_daemons $1" reload_frr "change_networks $1"; do
    $step || forced=1
    [ $forced -eq 0 ] || [ "$1" = old ] || return 1
  done
  return $forced
}

names_in() { cat "$pending/$1/interfaces" "$pending/$1/ovsinterfaces" 2> /dev/null | sed -n 's/^iface \([^ ]*\).*/\1/p'; }

sweep() { # what an ifreload that was killed had made: the next one does not know of it
  names_in new > "$work/surplus"
  while read -r name; do
    [ -e "/sys/class/net/$name" ] || continue
    [ -f "$work/known" ] || run ifquery -a --list > "$work/known" 2> /dev/null
    grep -qx -e "$name" "$work/known" && continue
    for kind in bridge vxlan vlan vrf; do
      [ -z "$(ip -o link show dev "$name" type $kind 2> /dev/null)" ] || ip link delete "$name"
    done
  done < "$work/surplus"
}

restore() { # everything is tried even when a part fails; only a proof forgets the push
  put_in_force old > "$work/restore" 2>&1
  restored=$?
  sweep >> "$work/restore" 2>&1
  # frr-reload.py is content with a daemon that is down when the file has no line for it; what it runs later nobody knows.
  daemons_answer old >> "$work/restore" && [ $restored -eq 0 ] && live_is old && forget
}

# Before the network comes up nothing is in force yet: the files of before are all there is to undo.
undo_at_boot() {
  is_applied || { forget; return 0; }
  place_all old || return 1
  replace_switch_database && replace_network_definitions && live_is old || return 1
  undone=$(pending_fence)
  forget
  remember_undone "$undone" boot
}
`;
