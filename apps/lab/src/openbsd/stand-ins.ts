/**
 * What stands in for ifconfig(8) and netstart(8) of OpenBSD in the lab: there is no OpenBSD here. They keep interfaces in files, take the words that
 * hostname.if(5) of a gateway is made of, and refuse what the real ones refuse, with their words: a name that is no clone, an address that is none, another
 * tunnel on an interface that runs (EBUSY), the same tunnel twice (EADDRINUSE), a group without the interface that it is sent from (ENXIO, since 7.1), a
 * peer with one (EPROTONOSUPPORT), a member that does not exist. They are no proof of OpenBSD: they hold the push program to what is known of it.
 */

/** Interfaces are folders below /run/if; a file that is named like a fault makes the command fail as on a real system. */
export const IFCONFIG = String.raw`#!/bin/bash
ifs=/run/if
say() { echo "ifconfig: $*" >&2; exit 1; }
mkdir -p $ifs
[ $# -gt 0 ] || { ls $ifs; exit 0; }
name=$1
shift
me=$ifs/$name
value() { cat "$me/$1" 2> /dev/null; }
address() {
  if [[ $1 == *:* ]]; then [[ $1 =~ ^[0-9a-f:]+$ ]]; else
    [[ $1 =~ ^([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$ ]] || return 1
    for octet in "${'$'}{BASH_REMATCH[@]:1}"; do [ "$octet" -le 255 ] || return 1; done
  fi
}
is_group() { [[ $1 =~ ^(22[4-9]|23[0-9])\. || $1 == ff* ]]; }
if [ "${'$'}{1:-}" = create ]; then
  [[ $name =~ ^(vxlan|bridge)[0-9]+$ ]] || say "SIOCIFCREATE: Invalid argument"
  [ ! -d $me ] || say "SIOCIFCREATE: File exists"
  mkdir -p $me
  [[ $name == bridge* ]] && echo 1500 > $me/mtu || { echo 1500 > $me/mtu; : > $me/addresses; }
  exit 0
fi
[ -d $me ] || say "$name: no such interface"
if [ $# -eq 0 ]; then
  flags=8802 words=BROADCAST,SIMPLEX,MULTICAST
  [ ! -f $me/up ] || flags=8843 words=UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST
  echo "$name: flags=$flags<$words> mtu $(value mtu)"
  [ ! -f $me/description ] || printf '\tdescription: %s\n' "$(value description)"
  printf '\tindex 7 priority 0 llprio 3\n'
  if [[ $name == vxlan* ]]; then
    printf '\tencap: vnetid %s parent %s\n' "$(value vnetid || echo none)" "$(value parent || echo none)"
    printf '\tgroups: vxlan\n'
    if [ -f $me/tunnel ]; then
      read -r from to < $me/tunnel
      [[ $to == *:* ]] && [[ $to != \[* ]] && [[ $to != *.* ]] && family=inet6 || family=inet
      printf '\ttunnel: %s %s --> %s ttl %s nodf\n' $family $from $to "$(value ttl || echo 1)"
    fi
    while read -r family addr length; do
      if [ $family = inet ]; then printf '\tinet %s netmask 0x%08x\n' $addr $(( (0xffffffff << (32 - length)) & 0xffffffff )); else printf '\tinet6 %s prefixlen %s\n' $addr $length; fi
    done < $me/addresses
  else
    printf '\tgroups: bridge\n\tpriority 32768 hellotime 2 fwddelay 15 maxage 20 holdcnt 6 proto rstp\n'
    for member in $(value members); do printf '\t%s flags=3<LEARNING,DISCOVER>\n\t\tport 7 ifpriority 0 ifcost 0\n' $member; done
  fi
  exit 0
fi
while [ $# -gt 0 ]; do
  word=$1
  shift
  case $word in
    destroy)
      rm -rf $me
      for bridge in $ifs/bridge*; do [ ! -f $bridge/members ] || sed -i "/^$name\$/d" $bridge/members; done
      ;;
    tunnel)
      [ ! -f $me/up ] || say "SIOCSLIFPHYADDR: Device busy"
      bare=${'$'}{2%:[0-9]*} ; [[ $2 == \[* ]] && bare=${'$'}{2#[} bare=${'$'}{bare%%]*}
      [[ $2 == *:* && $2 != *.* && $2 != \[* ]] && bare=$2
      address "$1" || say "$1: bad value"
      address "$bare" || say "$2: bad value"
      echo "$1 $2" > $me/tunnel
      shift 2
      ;;
    vnetid)
      [ ! -f $me/up ] || say "SIOCSVNETID: Device busy"
      [[ $1 =~ ^[0-9]+$ ]] && [ "$1" -lt 16777216 ] || say "vnetid $1: Invalid argument"
      echo $1 > $me/vnetid
      shift
      ;;
    parent) echo $1 > $me/parent; shift ;;
    tunnelttl) [ "$1" -ge 1 ] && [ "$1" -le 255 ] || say "tunnelttl $1: too large"; echo $1 > $me/ttl; shift ;;
    mtu) [ "$1" -ge 68 ] && [ "$1" -le 9216 ] || say "SIOCSIFMTU: Invalid argument"; echo $1 > $me/mtu; shift ;;
    inet | inet6)
      alias=no
      [ "$1" != alias ] || { alias=yes; shift; }
      address "${'$'}{1%/*}" || say "$1: bad value"
      [ $alias = yes ] || sed -i "/^$word /d" $me/addresses
      echo "$word ${'$'}{1%/*} ${'$'}{1#*/}" >> $me/addresses
      shift
      ;;
    description) echo "$1" > $me/description; shift ;;
    add)
      [ -d $ifs/$1 ] || say "$name: $1: No such file or directory"
      ! grep -qsx $1 $ifs/bridge*/members || say "$name: $1: Device busy"
      echo $1 >> $me/members
      shift
      ;;
    up)
      if [ -f $me/tunnel ]; then
        read -r from to < $me/tunnel
        if is_group "${'$'}{to%:*}" && [ -f /run/release-7 ] && [ ! -f $me/parent ]; then say "SIOCSIFFLAGS: Device not configured"; fi
        if ! is_group "${'$'}{to%:*}" && [ -f $me/parent ]; then say "SIOCSIFFLAGS: Protocol not supported"; fi
        for other in $ifs/vxlan*; do
          [ $other = $me ] || [ ! -f $other/up ] || ! cmp -s $other/tunnel $me/tunnel || ! cmp -s $other/vnetid $me/vnetid || say "SIOCSIFFLAGS: Address already in use"
        done
      fi
      [ ! -f /run/fault-up-$name ] || say "SIOCSIFFLAGS: Cannot allocate memory"
      : > $me/up
      ;;
    *) say "$word: bad value" ;;
  esac
done
`;

/** Reads hostname.if(5) as netstart does: each line is handed to a shell, a command that fails stops nothing, the status says nothing. */
export const NETSTART = String.raw`#!/bin/bash
HN_DIR=${'$'}{HN_DIR:-/etc}
print_only=no
if [ "${'$'}{1:-}" = -n ]; then print_only=yes; shift; fi
[ $# -gt 0 ] || { echo "Missing parameters." >&2; exit 1; }
[ ! -f /run/fault-netstart ] || { echo "sh: /etc/netstart: Input/output error" >&2; exit 1; }
set -f
for if in "$@"; do
  [[ $if =~ ^[[:alpha:]]+[[:digit:]]+$ ]] || continue
  file=$HN_DIR/hostname.$if
  [ -f "$file" ] || { echo "netstart: $file: No such file or directory"; continue; }
  [ "$(stat -c %a "$file" | tail -c 2)" = 0 ] || echo "WARNING: $file is insecure, fixing permissions"
  if [ $print_only = no ]; then (ifconfig $if || ifconfig $if create) > /dev/null 2>&1 || continue; fi
  while IFS= read -r line; do
    set -- $line
    case ${'$'}{1:-} in
      '' | '#'*) continue ;;
      '!'*) command="${'$'}{*#!}" ;;
      *) command="ifconfig $if $*" ;;
    esac
    if [ $print_only = yes ]; then printf '%s\n' "$command"; else eval "$command"; fi
  done < "$file"
done
[ $print_only = yes ] || [ ! -f /run/slow-netstart ] || sleep "$(cat /run/slow-netstart)"
exit 0
`;
