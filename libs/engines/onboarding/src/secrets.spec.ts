import { compileFabric, deviceIntent } from '#engines/intent';
import { FRR_PATH, renderDevice } from '#engines/rendering';
import type { ImportedFile } from './documents/imported-file.js';
import { onboard } from './onboard.js';
import { handBuiltFabricInFull } from './testing/index.js';

const SECRET = 'Hunter2-Zebra';
const [interfaces, frr, leaf] = handBuiltFabricInFull() as [ImportedFile, ImportedFile, ImportedFile];
const behind = (file: ImportedFile, line: string, more: string): ImportedFile => {
  expect(file.text).toContain(line);
  return { ...file, text: file.text.replace(line, `${line}${more}`) };
};
const inSwitch = (line: string): readonly ImportedFile[] => [interfaces, frr, behind(leaf, 'hostname TEST\n', `${line}\n`)];
const inNeighbor = (line: string): readonly ImportedFile[] => [
  interfaces,
  frr,
  behind(leaf, '   neighbor 192.168.100.2 update-source Ethernet1\n', `   ${line}\n`),
];
const inFrr = (line: string): readonly ImportedFile[] => [interfaces, behind(frr, 'log syslog informational\n', `${line}\n`), leaf];
const inHost = (line: string): readonly ImportedFile[] => [behind(interfaces, '\taddress 192.168.100.2/24\n', `\t${line}\n`), frr, leaf];

describe('a secret in an imported file', () => {
  it.each([
    ['a password of a neighbor', inNeighbor(`neighbor 192.168.100.2 password 7 ${SECRET}`)],
    ['one in clear', inNeighbor(`neighbor 192.168.100.2 password ${SECRET}`)],
    ['a hash of a user', inSwitch(`username admin privilege 15 role network-admin secret sha512 $6$${SECRET}`)],
    ['one like a word of a rule', inNeighbor(`neighbor 192.168.100.2 password policy-${SECRET}`)],
    ['enable', inSwitch(`enable password 5 ${SECRET}`)],
    ['root', inSwitch(`aaa root secret sha512 ${SECRET}`)],
    ['TACACS', inSwitch(`tacacs-server host 192.0.2.9 vrf MGMT key 7 ${SECRET}`)],
    ['RADIUS', inSwitch(`radius-server key 7 ${SECRET}`)],
    ['a community of SNMP', inSwitch(`snmp-server community ${SECRET} ro`)],
    ['a host of SNMP', inSwitch(`snmp-server host 192.0.2.9 version 2c ${SECRET}`)],
    ['a user of SNMP', inSwitch(`snmp-server user u g v3 localized f5717f auth sha ${SECRET} priv aes ${SECRET}`)],
    ['NTP', inSwitch(`ntp authentication-key 1 md5 7 ${SECRET}`)],
    ['OSPF', inSwitch(`interface Ethernet7\n   ip ospf message-digest-key 1 md5 7 ${SECRET}\n   ip ospf authentication-key 7 ${SECRET}`)],
    ['IS-IS', inSwitch(`interface Ethernet7\n   isis authentication key 7 ${SECRET}`)],
    ['streaming', inSwitch(`daemon TerminAttr\n   exec /usr/bin/TerminAttr -cvaddr=192.0.2.9:9910 -cvauth=key,${SECRET} -taillogs`)],
    ['IPsec', inSwitch(`ip security\n   profile p\n      shared-key 7 ${SECRET}`)],
    ['MACsec', inSwitch(`mac security\n   profile p\n      key 0abc 7 ${SECRET}`)],
    [
      'a shared secret',
      inSwitch(`management security\n   session shared-secret profile p\n      secret 0 7 ${SECRET} receive-lifetime infinite`),
    ],
    [
      'a private key',
      inSwitch(
        `management security\n   ssl x\nprotocol https certificate\n-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\nEOF\nEOF`,
      ),
    ],
    ['a password of FRR', inFrr(`password ${SECRET}`)],
    ['enable of FRR', inFrr(`enable password 8 ${SECRET}`)],
    ['a chain of keys', inFrr(`key chain c\n key 1\n  key-string ${SECRET}\n exit\nexit`)],
    ['OSPF of FRR', inFrr(`interface ens19\n ip ospf authentication-key ${SECRET}\n ip ospf message-digest-key 7 md5 ${SECRET}\nexit`)],
    ['IS-IS of FRR', inFrr(`router isis x\n area-password clear ${SECRET}\n domain-password md5 ${SECRET}\nexit`)],
    ['wireless', inHost(`wpa-psk\t${SECRET}`)],
    ['a hook', inHost(`post-up ip macsec add macsec0 tx sa 0 pn 1 on key 01 ${SECRET}`)],
    ['a tool', inHost(`post-up tool --password=${SECRET} --up`)],
  ])('%s stands nowhere in what comes out, and nothing is lost', (_, files) => {
    expect(JSON.stringify(files)).toContain(SECRET);
    const said = onboard(files);
    expect(JSON.stringify(said)).not.toContain(SECRET);
    expect(said.report.devices.flatMap((device) => device.files.flatMap(({ differences }) => differences))).toEqual([]);
    expect(said.summary.secrets).toHaveLength(1);
    expect(said.summary.secrets[0]).toMatch(/^(?:pve1|TEST) (?:interfaces|frr\.conf|test\.cfg):\d+(?:, \d+)*: /);
  });

  it('has a name in its place, which the file of the host carries, and whoever stores it can be told where it was', () => {
    const more = ` neighbor 192.168.100.1 password ${SECRET} with blanks\n`;
    const { summary, report, snapshot } = onboard([interfaces, behind(frr, ' neighbor 192.168.100.1 remote-as 65051\n', more), leaf]);
    const text = renderDevice(deviceIntent(compileFabric(snapshot), 'pve1')).find(({ path }) => path === FRR_PATH)?.content;
    expect(text).toContain(' neighbor 192.168.100.1 password @secret:pve1.neighbor-192.168.100.1-password@\n');
    expect(summary.secrets).toEqual(['pve1 frr.conf:15: 1 secret was left out (neighbor 192.168.100.1 password)']);
    expect(report.devices[0]?.secrets).toEqual([
      { file: 'frr.conf', line: 15, words: 'neighbor 192.168.100.1 password', name: 'pve1.neighbor-192.168.100.1-password' },
    ]);
  });

  it('has a name of its own, whatever else is called so', () => {
    const chain = `key chain a\n key 1\n  key-string ${SECRET}\n exit\n key 2\n  key-string ${SECRET}2\n exit\nexit\n`;
    const names = onboard([interfaces, behind(frr, 'log syslog informational\n', chain), leaf]).report.devices[0]?.secrets.map(
      ({ name }) => name,
    );
    expect(names).toEqual(['pve1.key-string', 'pve1.key-string-2']);
  });

  it('is not printed when the file is refused, nor with a command at a prompt', () => {
    const only = { device: 'x', name: 'x.txt', text: `password ${SECRET}\n` };
    expect(() => onboard([only])).toThrow(expect.objectContaining({ message: expect.not.stringContaining(SECRET) }));
    const shown = onboard([interfaces, frr, { ...leaf, text: `${leaf.text}TEST#show tacacs password 7 ${SECRET}\nnothing\n` }]);
    expect(JSON.stringify(shown)).not.toContain(SECRET);
  });
});

describe('what only looks like a secret', () => {
  it.each([
    [
      'communities of BGP',
      inFrr('bgp community-list standard c seq 5 permit 65051:7\nroute-map R permit 10\n set community 65051:7\nexit'),
    ],
    ['numbers of keys', inFrr('key chain c\n key 17\n exit\nexit')],
    ['texts of people', inNeighbor('neighbor 192.168.100.2 description the secret garden')],
    ['rules for passwords', inSwitch('management security\n   password minimum length 8\n   password encryption-key common')],
    ['public keys', inSwitch('username admin ssh-key ssh-rsa AAAAB3')],
    ['keys of tunnels', inHost('post-up ip link add gre7 type gre key 77')],
  ])('is kept: %s', (_, files) => {
    const { summary, report, snapshot } = onboard(files);
    expect(summary.secrets).toEqual([]);
    expect(report.differences).toBe(0);
    expect(JSON.stringify(snapshot)).not.toContain('@secret:');
  });
});
