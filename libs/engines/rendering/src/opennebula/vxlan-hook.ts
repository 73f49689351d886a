/**
 * Runs on the hosts, after OpenNebula's VXLAN driver has made bridge and tunnel (`vnm/vxlan/pre` runs what is in `pre.d`): the driver tells
 * the tunnel not to learn, but not the bridge. A bridge that learns beside EVPN keeps a guest's old place after a migration.
 * `ip link` and not `bridge`, because that is what OpenNebula's sudoers let `oneadmin` do.
 */
export const VXLAN_HOOK: readonly string[] = String.raw`#!/bin/sh
# Owned by Trame: changes made here by hand are undone.
# pre.d of OpenNebula's VXLAN driver: standard input is the virtual machine, base64. Where EVPN tells a tunnel what is behind it
# ("nolearning"), the bridge learns nothing there and answers ARP from what EVPN told. Brought to the hosts by: onehost sync -f
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
as_root=''
[ "$(id -u)" = 0 ] || as_root='sudo -n'

base64 -d | grep -o '<BRIDGE><!\[CDATA\[[A-Za-z0-9_.-]*\]\]></BRIDGE>' | sed 's/.*CDATA\[//; s/\]\].*//' | sort -u |
  while read -r bridge; do
    for port in "/sys/class/net/$bridge/brif"/*; do
      [ -e "$port" ] || continue
      port=$(basename "$port")
      ip -d link show dev "$port" | grep -q ' vxlan id .* nolearning' || continue
      $as_root ip link set dev "$port" type bridge_slave learning off neigh_suppress on || exit 1
    done
  done`.split('\n');
