/** What the rendered configurations make a simulated switch do. */
import { compileFabric, deviceIntent } from '#engines/intent';
import { switchScenarios } from '#engines/intent/testing';
import { renderDevice } from '#engines/rendering';
import { SimulatedFabric } from '../simulated-fabric.js';
import { loadConfig } from './config/load-config.js';
import { simulatedFacts } from './control-plane.js';
import { readSwitchState, type SwitchState } from './switch-state.js';

const HARDWARE = { ethernetPorts: 48 };

function switchOf(scenario: string, slug: string): SwitchState {
  const intent = compileFabric((switchScenarios[scenario] as NonNullable<(typeof switchScenarios)[string]>)());
  const text = renderDevice(deviceIntent(intent, slug)).map(({ content }) => content);
  return readSwitchState(loadConfig(text.join(''), HARDWARE));
}

/** All switches of a scenario, running what is rendered for them. */
function fabricOf(scenario: string, ...slugs: readonly string[]): SimulatedFabric {
  const fabric = new SimulatedFabric();
  for (const slug of slugs) {
    const state = switchOf(scenario, slug);
    fabric.register({ slug, facts: () => simulatedFacts(state) });
  }
  return fabric;
}

describe('a simulated switch', () => {
  it('has of a neighbor what its group says', () => {
    const { bgp } = switchOf('eos-many-clients', 'spine');
    expect(bgp?.neighbors).toHaveLength(9);
    expect(bgp?.neighbors[0]).toMatchObject({
      address: '10.0.0.1',
      remoteAsn: 65_051,
      isRouteReflectorClient: true,
      sendsExtendedCommunities: true,
      evpn: true,
      ipv4: true,
      routeMapOut: 'TRAME-NEXT-HOP-SELF',
      keepaliveSeconds: 20,
    });
  });

  it('reaches through a reflector with groups what it reaches through one without', () => {
    const leafs = Array.from({ length: 9 }, (_, at) => `leaf${at + 1}`);
    const fabric = fabricOf('eos-many-clients', 'spine', ...leafs);
    expect(fabric.remoteVteps('leaf1', 10_001)).toEqual(['10.255.0.2']);
    expect(fabric.remoteVteps('leaf2', 10_001)).toEqual(['10.255.0.1']);
  });

  it('of a pair is one VTEP with the other, and has a session over the peer link', () => {
    const fabric = fabricOf('eos-mlag-pair', 'spine', 'leaf1', 'leaf2', 'leaf3');
    expect(fabric.remoteVteps('leaf3', 10_010)).toEqual(['10.255.1.1']);
    expect(fabric.remoteVteps('leaf1', 10_010)).toEqual(['10.255.0.3']);
    const peers = fabric.establishedNeighbors('leaf1').map(({ peer }) => peer);
    expect(peers.sort()).toEqual(['leaf2', 'spine']);
  });

  it('maps each VLAN of a bundle, and takes no flood list for a mapping', () => {
    expect(switchOf('eos-bundles-and-tunnels', 'leaf1').bgp?.macVrfs.map(({ vlan }) => vlan)).toEqual([300, 101, 102, 103]);
    expect(switchOf('eos-head-end', 'leaf1').mappings).toEqual([
      { vlan: 10, vni: 10_001 },
      { vlan: 11, vni: 10_002 },
    ]);
  });

  it('meets the other bundle by the network that both have', () => {
    const fabric = fabricOf('eos-bundles-and-tunnels', 'spine', 'leaf1', 'leaf2');
    expect(fabric.remoteVteps('leaf1', 10_001)).toEqual(['10.255.0.2']);
    expect(fabric.remoteVteps('leaf1', 10_002)).toEqual([]);
  });
});
