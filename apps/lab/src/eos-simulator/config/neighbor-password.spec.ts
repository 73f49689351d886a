/** The codes are those that real switches print (EOS documentation and public AVD fabrics). */
import { decodePassword, encodePassword } from './neighbor-password.js';

describe('the password of a neighbor', () => {
  it.each([
    ['42.42.42.42', 'arista', '3QGcqpU2YTwKh2jVQ4Vj/A=='],
    ['EVPN-OVERLAY-PEERS', 'arista123', 'q+VNViP5i4rVjW1cxFv2wA=='],
    ['UNDERLAY-PEERS', 'arista123', '0nsCUm70mvSTxVO0ldytrg=='],
  ])('of %s prints as real switches print it, and reads back', (peer, password, code) => {
    expect(encodePassword(peer, password)).toBe(code);
    expect(decodePassword(peer, code)).toBe(password);
  });

  it('of one neighbor is nothing for another, nor is any other text', () => {
    expect(decodePassword('10.0.0.1', encodePassword('10.0.0.2', 'secret'))).toBeNull();
    expect(decodePassword('10.0.0.1', 'abc')).toBeNull();
  });
});
