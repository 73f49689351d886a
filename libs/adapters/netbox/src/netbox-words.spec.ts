import { namedRefusals, wordsOf } from './netbox-words.js';

describe('the words of a refusal', () => {
  it.each([
    [{ detail: 'Not found.' }, 'Not found.'],
    [{ vid: ['Ensure this value is less than or equal to 4094.'] }, 'vid: Ensure this value is less than or equal to 4094.'],
    [{ __all__: ['Duplicate prefix found in VRF acme: 10.0.0.0/24'] }, 'Duplicate prefix found in VRF acme: 10.0.0.0/24'],
    [
      { non_field_errors: ['The fields group, vid must make a unique set.'], name: ['Too long.'] },
      'The fields group, vid must make a unique set.; name: Too long.',
    ],
    [[{}, { slug: ['Taken.'] }], 'slug: Taken.'],
    [{ detail: '1 of 2 objects failed validation.', errors: [{ index: 1, errors: { slug: ['Taken.'] } }] }, 'slug: Taken.'],
    [{ error: 'duplicate key\n', exception: 'IntegrityError', netbox_version: '4.6.8' }, 'IntegrityError: duplicate key'],
    [{}, 'nothing said'],
    [null, 'nothing said'],
    [undefined, 'nothing said'],
    ['plain', 'plain'],
  ])('%j are %s', (body, words) => expect(wordsOf(body, 'nothing said')).toBe(words));

  it('are short, and on one line', () => {
    const words = wordsOf({ detail: `a\n${'b'.repeat(5000)}` }, '');
    expect(words).toHaveLength(500);
    expect(words).not.toContain('\n');
  });
});

describe('those of a batch that are refused', () => {
  it.each([
    ['up to 4.6, a list beside the input', [{}, { slug: ['Taken.'] }, {}], 3, [], [[1, 'slug: Taken.']]],
    ['4.7, a create', { detail: '…', errors: [{ index: 2, errors: { slug: ['Taken.'] } }] }, 3, [], [[2, 'slug: Taken.']]],
    ['4.7, a change, by id', { detail: '…', errors: [{ id: 12, errors: { __all__: ['No.'] } }] }, 2, [11, 12], [[1, 'No.']]],
    ['a list of another length', [{ slug: ['Taken.'] }], 3, [], []],
    ['an index outside', { errors: [{ index: 3, errors: {} }] }, 3, [], []],
    ['an id of nobody', { errors: [{ id: 99, errors: {} }] }, 2, [11, 12], []],
    ['one object of errors', { slug: ['Taken.'] }, 3, [], []],
    ['nothing', undefined, 3, [], []],
  ])('%s', (_name, body, size, ids, named) => expect([...namedRefusals(body, size, ids)]).toEqual(named));
});
