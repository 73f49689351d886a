import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import { lostVitals } from './vitals.js';

const pve1 = compileFabric(demoSnapshot()).devices.find(({ slug }) => slug === 'pve1') as DeviceIntent;
const peers = (pve1.bgp?.neighbors ?? []).map(({ address }) => address as string);
const vteps = [...new Set(pve1.l2vnis.flatMap(({ remoteVteps }) => remoteVteps as readonly string[]))];
const before = { establishedNeighbors: [...peers, '198.51.100.1'], remoteVteps: [...vteps, '198.51.100.2'] };

describe('what a device has lost since it was pushed to', () => {
  it('is nothing while it has what it had', () => {
    expect(peers.length).toBeGreaterThan(0);
    expect(vteps.length).toBeGreaterThan(0);
    expect(lostVitals(before, before, pve1)).toEqual([]);
  });

  it('is nothing that the intent no longer asks for', () => {
    expect(lostVitals(before, { establishedNeighbors: peers, remoteVteps: vteps }, pve1)).toEqual([]);
    const alone = { ...pve1, l2vnis: [], bgp: pve1.bgp && { ...pve1.bgp, neighbors: [] } };
    expect(lostVitals(before, { establishedNeighbors: [], remoteVteps: [] }, alone)).toEqual([]);
  });

  it('is a session, or a VTEP, that was there and ought to be', () => {
    expect(lostVitals(before, { ...before, establishedNeighbors: [] }, pve1)).toMatchObject([
      { check: 'BGP_PEER', message: expect.stringContaining(peers[0] as string) as string },
    ]);
    expect(lostVitals(before, { ...before, remoteVteps: [] }, pve1)).toMatchObject([
      { check: 'REMOTE_VTEP', message: expect.stringContaining(vteps[0] as string) as string },
    ]);
  });
});
