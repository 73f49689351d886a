import { encodeNeighborPassword } from './neighbor-password.js';

describe('the code of a password of a neighbor', () => {
  // As published designs of the vendor have them; all three stand for the same password.
  it.each([
    ['EVPN-OVERLAY-PEERS', 'q+VNViP5i4rVjW1cxFv2wA=='],
    ['MLAG-PEERS', '15AwQNBEJ1nyF/kBEtoAGw=='],
    ['UNDERLAY-PEERS', '0nsCUm70mvSTxVO0ldytrg=='],
  ])('is for %s the one that switches print', (peer, code) => {
    expect(encodeNeighborPassword(peer, 'arista123')).toBe(code);
  });

  it('has whole blocks for every length, and is another one for every neighbor', () => {
    for (let length = 1; length <= 80; length++) {
      const code = encodeNeighborPassword('10.0.0.1', 'x'.repeat(length));
      expect(Buffer.from(code, 'base64').length % 8).toBe(0);
      expect(encodeNeighborPassword('10.0.0.2', 'x'.repeat(length))).not.toBe(code);
    }
  });
});
