/**
 * The qemu hook: the same program on every host. POSIX sh and awk, because that is what every libvirt host has; measured against libvirt 9.0:
 *
 *  - `prepare` comes before libvirt asks for a bridge, with the domain XML on standard input, where an interface of type `network` has no
 *    bridge yet: the map has to know the names of libvirt networks, too.
 *  - `release` comes after a `prepare` that refused as well, and after a guest that died; hot-plugged interfaces have no hook at all, so a
 *    bridge with a port in it is kept whatever the books say.
 *  - libvirt shows what stands on standard error to whoever starts the guest, and looks for hooks when it starts: after the first
 *    installation it has to be started again, which no guest notices.
 */
export const QEMU_HOOK: readonly string[] = String.raw`#!/bin/sh
# Owned by Trame: changes made here by hand are undone.
#
# qemu hook of libvirt (6.5 and later look into hooks/qemu.d): the bridge and the VXLAN tunnel of a network are there while a guest
# uses them. It works from a file, asks nobody, and never calls libvirt, which waits for it.
#
#   trame GUEST prepare|reconnect|migrate|release ... < domain XML
#   trame - refresh     what is built becomes what the map says now; for whoever has replaced the map
#
# What was not built here is never removed. Every step may be the last one (kill -9, power): the next call goes on from there.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022

MAP=/var/lib/trame/libvirt-networks       # as Trame wrote it, replaced as a whole
LAST=/var/lib/trame/libvirt-networks.last # the last one that was whole
RUN=/run/trame/qemu-hook                  # gone after a boot, like bridges and guests

say() {
  [ -n "$(find "$RUN/log" -size +256k 2>/dev/null)" ] && mv -f "$RUN/log" "$RUN/log.1"
  printf '%s %s %s: %s\n' "$(date '+%Y-%m-%dT%H:%M:%S%z')" "$operation" "$guest" "$1" >>"$RUN/log"
  [ ! -S /dev/log ] || logger -t trame-qemu-hook -- "$operation $guest: $1"
}

refuse() {
  say "refused: $1"
  printf 'trame: %s\n' "$1" >&2 # libvirt shows it to whoever starts the guest
}

# The delay that it says, of a map that is whole: its first line says what it is, its last one how many networks it has.
read_map() {
  awk '
    NR == 1 { begins = $0 == "trame libvirt networks 1" }
    $1 == "network" { count++ }
    $1 == "remove-after" && $2 ~ /^[0-9]+$/ { delay = $2 }
    { last = $0 }
    END { if (!begins || last != "end " (count + 0)) exit 1; print delay == "" ? 60 : delay }' "$1" 2>/dev/null
}

choose_map() {
  if delay=$(read_map "$MAP"); then
    map=$MAP
    cmp -s "$MAP" "$LAST" || { cp "$MAP" "$LAST.$$" && mv -f "$LAST.$$" "$LAST"; } || say "cannot keep a copy of $MAP"
  elif delay=$(read_map "$LAST"); then
    map=$LAST
    say "$MAP cannot be read: going on with the last one"
  else
    map=/dev/null
    delay=60
    say "$MAP cannot be read, and there is no older one"
  fi
}

# Domain XML -> "key UUID" first, then "want-bridge B" and "want-network N". Only /domain/devices/interface/source counts, and <metadata> may hold any
# XML of anybody: comments, CDATA and instructions go first, then every "<" begins a tag.
read_domain() {
  awk '
    { text = text $0 "\n" }
    function value(attribute,    found) {
      if (!match(tag, " " attribute "=(\047[^\047]*\047|\"[^\"]*\")")) return ""
      found = substr(tag, RSTART + length(attribute) + 3, RLENGTH - length(attribute) - 4)
      return found ~ /^[A-Za-z0-9_.:-]+$/ ? found : ""
    }
    END {
      while (match(text, /<!--|<!\[CDATA\[|<\?/)) {
        opener = substr(text, RSTART, RLENGTH)
        closer = opener == "<!--" ? "-->" : opener == "<?" ? "?>" : "]]>"
        rest = substr(text, RSTART + RLENGTH)
        stop = index(rest, closer)
        text = substr(text, 1, RSTART - 1) " " (stop ? substr(rest, stop + length(closer)) : "")
      }
      count = split(text, part, "<")
      for (i = 2; i <= count; i++) {
        tag = part[i]
        sub(/>.*/, "", tag)
        gsub(/[ \t\r\n]+/, " ", tag)
        if (substr(tag, 1, 1) == "/") { depth--; continue }
        name[depth + 1] = tag
        sub(/[ \/].*/, "", name[depth + 1])
        path = name[1] "/" name[2] "/" name[3] "/" name[4]
        if (depth == 1 && name[2] == "uuid" && substr(part[i], 6, 36) ~ /^[0-9a-f-]+$/) key = substr(part[i], 6, 36)
        if (depth == 3 && path == "domain/devices/interface/source") {
          if (value("bridge") != "") wants = wants "\nwant-bridge " value("bridge")
          if (value("network") != "") wants = wants "\nwant-network " value("network")
        }
        if (tag !~ /\/$/) depth++
      }
      print "key", key wants
    }'
}

# What is wanted -> its lines of the map, once each; "unknown B ours" for a bridge that only Trame could have named so.
look_up() {
  { cat "$map"; printf '%s\n' "$wanted"; } | awk '
    function want(bridge,    number) {
      if (seen[bridge]++) return
      number = substr(bridge, length(prefix) + 1)
      if (bridge in line) print line[bridge]
      else print "unknown", bridge, (index(bridge, prefix) == 1 && number ~ /^[0-9]+$/) ? "ours" : "other"
    }
    BEGIN { prefix = "vnet" }
    $1 == "prefix" { prefix = $2 }
    $1 == "network" && NF == 11 {
      line[$2] = $0
      ways = split($11, way, ",")
      for (i = 1; i <= ways; i++) leads[way[i]] = $2
    }
    $1 == "want-bridge" { want($2) }
    $1 == "want-network" && ($2 in leads) { want(leads[$2]) }'
}

# build BRIDGE TUNNEL VNI MTU PORT LOCAL evpn|static|multicast TO DEVICE; may be called on what is half built, or there.
build() {
  group=$8
  [ "$7" != static ] || group=-
  making="$2 $3 $5 $6 $7 $group $9"
  made='' complete=''
  { read -r made; read -r complete; } <"$RUN/built/$1"
  # Nothing to do for most guests; a refresh looks at everything.
  [ "$operation" != refresh ] && [ "$made" = "$making" ] && [ "$complete" = "complete $4 $8" ] &&
    [ -d "/sys/class/net/$1/brif/$2" ] && return 0
  if [ "$made" != "$making" ]; then
    # A running tunnel changes neither its number nor its group: it goes, and another one comes.
    [ -z "$made" ] || [ ! -d "/sys/class/net/$2" ] || ip link del "$2" || return 1
    echo "$making" >"$RUN/new" && mv -f "$RUN/new" "$RUN/built/$1" || return 1
  fi
  [ -d "/sys/class/net/$2" ] || case $7 in
    evpn) ip link add "$2" type vxlan id "$3" dstport "$5" local "$6" nolearning ;;
    static) ip link add "$2" type vxlan id "$3" dstport "$5" local "$6" ;;
    # Without a TTL the kernel sends to groups with 1, and the first router is the end.
    multicast) ip link add "$2" type vxlan id "$3" dstport "$5" local "$6" group "$8" dev "$9" ttl 255 ;;
    *) false ;;
  esac || return 1
  [ -d "/sys/class/net/$1/bridge" ] || ip link add "$1" type bridge stp_state 0 forward_delay 0 || return 1
  # The host only bridges: no address of its own, and no way through it.
  ip link set "$1" addrgenmode none && ip link set "$2" addrgenmode none mtu "$4" master "$1" || return 1
  for family in ipv4 ipv6; do
    [ ! -e "/proc/sys/net/$family/conf/$1/forwarding" ] || echo 0 >"/proc/sys/net/$family/conf/$1/forwarding"
  done
  case $7 in
    evpn) bridge link set dev "$2" learning off neigh_suppress on || return 1 ;;
    static) flood_to "$2" "$8" ;;
  esac
  ip link set "$2" up && ip link set "$1" mtu "$4" up || return 1
  printf '%s\ncomplete %s %s\n' "$making" "$4" "$8" >"$RUN/new" && mv -f "$RUN/new" "$RUN/built/$1"
}

# flood_to TUNNEL PEER,PEER: frames to everybody go to these, and to nobody else.
flood_to() {
  there=$(bridge fdb show dev "$1" | awk '$1 == "00:00:00:00:00:00" && $2 == "dst" { printf "%s ", $3 }')
  peers=$(echo "$2" | tr ',' ' ')
  for peer in $there; do
    case " $peers " in *" $peer "*) ;; *) bridge fdb del 00:00:00:00:00:00 dev "$1" dst "$peer" self ;; esac
  done
  for peer in $peers; do
    case "$peer $there " in "- "* | *" $peer "*) ;; *) bridge fdb append 00:00:00:00:00:00 dev "$1" dst "$peer" self permanent ;; esac
  done
}

is_used() {
  set -- "$RUN/refs/$1"/*
  [ -e "$1" ]
}

# From now on its time runs; a background process comes back when it is over.
mark_idle() {
  [ -e "$RUN/built/$1" ] && ! is_used "$1" || return 0
  echo $((now + delay)) >"$RUN/new" && mv -f "$RUN/new" "$RUN/idle/$1"
  [ "$delay" -eq 0 ] || come_back "$delay"
}

# Nothing of libvirt's may stay open in it: libvirt waits until its pipes are closed, and so does the lock.
come_back() { setsid sh -c 'sleep "$1"; exec "$2" - expire' sh "$1" "$0" </dev/null >/dev/null 2>&1 9>&- & }

remove() {
  read -r tunnel rest <"$RUN/built/$1" || tunnel=''
  for port in "/sys/class/net/$1/brif"/*; do
    [ ! -e "$port" ] || [ "$port" = "/sys/class/net/$1/brif/$tunnel" ] || { say "kept $1: something is plugged into it"; return 0; }
  done
  [ -z "$tunnel" ] || [ ! -d "/sys/class/net/$tunnel" ] || ip link del "$tunnel" || return 0
  [ ! -d "/sys/class/net/$1/bridge" ] || ip link del "$1" || return 0
  rm -f "$RUN/built/$1" "$RUN/idle/$1"
  rmdir "$RUN/refs/$1" 2>/dev/null
  say "removed $1"
}

# Removes what has been idle for long enough, at most $1 of them: a guest waits for us. Says yes when it has to come again.
sweep() {
  left=$1
  cd "$RUN/built" || return 1
  for bridge in *; do
    [ -e "$bridge" ] || continue
    if is_used "$bridge"; then
      rm -f "$RUN/idle/$bridge"
      continue
    fi
    # Without a time: we were killed between the last guest and this.
    [ -e "$RUN/idle/$bridge" ] || mark_idle "$bridge"
    read -r due <"$RUN/idle/$bridge" && [ "$now" -ge "$due" ] || continue
    [ "$left" -gt 0 ] || return 0
    left=$((left - 1))
    remove "$bridge"
  done
  return 1
}

# The guest uses nothing any more but the bridges of $1.
forget_guest() {
  cd "$RUN/refs" || return 1
  for bridge in *; do
    [ -e "$bridge/$key" ] || continue
    case " $1 " in *" $bridge "*) continue ;; esac
    rm -f "$bridge/$key"
    mark_idle "$bridge"
  done
}

# Every network of the guest, or none: a guest that cannot have one of them does not start.
take_networks() {
  failed=''
  while read -r kind bridge tunnel vni mtu port local how to device via; do
    if [ "$kind" = unknown ] && [ "$tunnel" = ours ] && [ ! -e "$RUN/built/$bridge" ] && [ ! -d "/sys/class/net/$bridge" ]; then
      refuse "no network has the bridge $bridge on this host: attach it in Trame, and wait until that is deployed"
      failed=yes
    fi
  done <<EOF
$lines
EOF
  [ -z "$failed" ] || return 1
  [ "$operation" = migrate ] || forget_guest "$(printf '%s\n' "$lines" | awk '{ printf "%s ", $2 }')"
  while read -r kind bridge tunnel vni mtu port local how to device via; do
    [ -n "$bridge" ] || continue
    if [ "$kind" = network ]; then
      if [ ! -e "$RUN/built/$bridge" ]; then
        [ ! -d "/sys/class/net/$bridge/bridge" ] || continue # somebody else's: it stays theirs
        : >"$RUN/built/$bridge" || { failed=yes; continue; }
        say "building $bridge with $tunnel"
      fi
    elif [ ! -e "$RUN/built/$bridge" ]; then
      continue
    fi
    if [ "$operation" != migrate ]; then
      mkdir -p "$RUN/refs/$bridge" && : >"$RUN/refs/$bridge/$key" || failed=yes
      rm -f "$RUN/idle/$bridge"
    fi
    [ "$kind" = unknown ] || build "$bridge" "$tunnel" "$vni" "$mtu" "$port" "$local" "$how" "$to" "$device" 2>>"$RUN/log" || {
      refuse "bridge $bridge with tunnel $tunnel cannot be built; why stands in $RUN/log"
      failed=yes
    }
    [ "$operation" != migrate ] || mark_idle "$bridge"
  done <<EOF
$lines
EOF
  [ -z "$failed" ] && return 0
  forget_guest ''
  return 1
}

refresh() {
  wanted=$(cd "$RUN/built" && for bridge in *; do [ ! -e "$bridge" ] || echo "want-bridge $bridge"; done)
  lines=$(look_up)
  while read -r kind bridge tunnel vni mtu port local how to device via; do
    [ "$kind" != network ] || build "$bridge" "$tunnel" "$vni" "$mtu" "$port" "$local" "$how" "$to" "$device" 2>>"$RUN/log" || {
      refuse "bridge $bridge with tunnel $tunnel cannot be built; why stands in $RUN/log"
      status=1
    }
  done <<EOF
$lines
EOF
}

guest=$(printf '%s' "$1" | tr -cd 'A-Za-z0-9_.@+-' | cut -c 1-64)
operation=$2
case $operation in
  prepare | reconnect | migrate | release | refresh | expire) ;;
  *) cat >/dev/null && exit 0 ;;
esac
mkdir -p "$RUN/refs" "$RUN/built" "$RUN/idle" || exit 1
if [ "$operation" != expire ] && [ "$operation" != refresh ]; then
  wanted=$(read_domain)
  read -r word key <<EOF
$wanted
EOF
  [ -n "$key" ] || key=$(printf '%s' "$1" | sha256sum | cut -c 1-32)
fi
# Reading is done before the lock: many guests start at once.
choose_map
lines=''
case $operation in prepare | reconnect | migrate) lines=$(look_up) ;; esac
exec 9>"$RUN/lock"
patience=10 # a release that is lost leaves a bridge for ever
case $operation in prepare | migrate) patience=1.5 ;; esac
if ! flock -w "$patience" 9; then
  refuse 'another call of this hook does not end'
  [ "$operation" != prepare ] && [ "$operation" != migrate ]
  exit
fi
IFS=. read -r now rest </proc/uptime

status=0
case $operation in
  prepare | migrate) take_networks || status=1 ;;
  reconnect) take_networks ;;
  release) forget_guest '' ;;
  refresh) refresh ;;
  expire) while sweep 4; do
    flock -u 9
    sleep 0.1
    flock -w 5 9 || exit 1
    IFS=. read -r now rest </proc/uptime
  done ;;
esac
[ "$operation" = expire ] || ! sweep 4 || come_back 0
exit "$status"`.split('\n');
