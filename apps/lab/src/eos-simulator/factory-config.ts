/**
 * A switch as the installer leaves it: named, reachable through eAPI, and nothing of ours. The internal VLANs are kept out
 * of the way of customers' VLANs: by default EOS takes 1006 and up for its routed ports.
 */
export interface FactoryOptions {
  readonly hostname: string;
  /** Present for the text only: the simulator listens on 127.0.0.1. */
  readonly managementAddress?: string;
}

export function factoryConfig({ hostname, managementAddress = '192.0.2.10/24' }: FactoryOptions): string {
  return `no aaa root
!
username admin privilege 15 role network-admin secret sha512 $6$o2GPKeWWqoVgAbRz$yJtoy0GWQdAmRrnM1FbWKWTEu7vKJjJfPX4gXzmzKCIXYPBVhgjRNE2G8Nlk1Bq1jGxUyXBzz1TScaJIq7Ivj0
!
management api http-commands
   no shutdown
!
vlan internal order ascending range 3700 3999
!
transceiver qsfp default-mode 4x10G
!
service routing protocols model multi-agent
!
hostname ${hostname}
!
spanning-tree mode mstp
!
interface Management1
   description out of band
   ip address ${managementAddress}
!
ntp server 192.0.2.123
!
no ip routing
!
end
`;
}
