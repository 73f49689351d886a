/** What phpIPAM does with any client: each is a fact about its API, and runs against a real one, too. */
import { type ApiRow, IpamUnderTest, againstIpam, isRealIpam, MARK } from './phpipam-server.js';

console.info(`phpIPAM contract: ${againstIpam}`);

const RELEASES = isRealIpam
  ? ([[againstIpam, {}]] as const)
  : ([
      ['the simulator, 1.5.2 on PHP 7.4', { release: '1.5.2', php: '7.4' }],
      ['the simulator, 1.8.2 on PHP 8.2', { release: '1.8.2', php: '8.2' }],
    ] as const);

describe.each(RELEASES)('phpIPAM, %s', (_name, options) => {
  let ipam: IpamUnderTest;
  let section: string;
  let made: string[] = [];
  const call = (...args: Parameters<IpamUnderTest['call']>) => ipam.call(...args);
  const subnet = (cidr: string, more: object = {}) => {
    const [address, mask] = cidr.split('/');
    return ipam.make('/subnets/', { subnet: address, mask, sectionId: section, ...more });
  };
  /** Of a table that the section does not take with it. */
  const make = async (path: string, body: object): Promise<string> => {
    const id = await ipam.make(path, body);
    made = [`${path}${id}/`, ...made];
    return id;
  };
  const unique = (word: string) => `ct-${word}-${section}-${made.length}`;

  beforeAll(async () => {
    ipam = await IpamUnderTest.start(options);
  });
  afterAll(() => ipam.close());
  beforeEach(async () => {
    section = await ipam.section({ strictMode: '1' });
  });
  afterEach(async () => {
    await call('DELETE', `/sections/${section}/`);
    for (const path of made) await call('DELETE', path);
    made = [];
  });

  describe('lets in', () => {
    it('who has the code of the app, in either header', async () => {
      expect(await call('GET', '/sections/')).toMatchObject({ status: 200, json: { code: 200, success: true } });
      const other = await call('GET', '/sections/', undefined, { token: 'wrong', 'phpipam-token': ipam.code });
      expect(other.status).toBe(200);
    });

    it('nobody else, and says where a token is had', async () => {
      const refused = await call('GET', '/sections/', undefined, { token: 'wrong' });
      expect(refused).toMatchObject({ status: 401, json: { code: 401, success: false, message: 'Unauthorized' } });
      expect(refused.headers['location']).toContain(`/api/${ipam.app}/user/`);
      expect(await call('GET', '/sections/', undefined, {}, 'no-such-app')).toMatchObject({
        status: 400,
        json: { message: 'Invalid application id' },
      });
    });
  });

  describe('answers', () => {
    it('what it made with 201, a place and an id beside the data', async () => {
      const { status, headers, json } = await call('POST', '/subnets/', { subnet: '10.77.0.0', mask: '24', sectionId: section });
      expect([status, json.code, json.success, json.data]).toEqual([201, 201, true, '10.77.0.0/24']);
      expect(headers['location']).toContain(`/subnets/${json.id}/`);
      expect(json.time).toEqual(expect.any(Number));
    });

    it('nothing there as an error with words of its own', async () => {
      expect(await call('GET', `/sections/${section}/subnets/`)).toMatchObject({
        status: 404,
        json: { success: false, message: 'No subnets found' },
      });
      const id = await subnet('10.77.0.0/24');
      expect(await call('GET', `/subnets/${id}/addresses/`)).toMatchObject({ status: 404, json: { message: 'No addresses found' } });
      expect(await call('GET', `/subnets/${id}/slaves/`)).toMatchObject({ status: 404, json: { message: 'No slaves' } });
      expect(await call('GET', '/subnets/cidr/10.99.99.0/24/')).toMatchObject({ status: 404, json: { message: 'No subnets found' } });
      expect(await call('GET', `/subnets/?filter_by=sectionId&filter_value=99999999`)).toMatchObject({
        status: 404,
        json: { message: 'No results (filter applied)' },
      });
    });

    it.each([
      ['/subnets/99999999/', 400, 'Invalid subnet Id'],
      ['/subnets/99999999/addresses/', 404, 'Invalid subnet Id'],
      ['/vrfs/99999999/', 400, 'Invalid VRF id'],
      ['/l2domains/99999999/', 404, 'Invalid domain id'],
      ['/addresses/99999999/', 404, 'Invalid Id'],
      ['/tools/customers/99999999/', 404, 'No objects found'],
    ])('%s, which is not there, with %i', async (path, status, message) => {
      expect(await call('GET', path)).toMatchObject({
        status,
        json: { success: false, message: expect.stringContaining(message) as string },
      });
    });

    it('texts for numbers to who asks for them, or has no other', async () => {
      const id = await subnet('10.77.0.0/24');
      const { json } = await call('GET', `/subnets/${id}/`, undefined, { 'api-stringify-results': '1' });
      expect((json.data as ApiRow)['id']).toBe(id);
      const { json: plain } = await call('GET', `/subnets/${id}/`);
      expect(String((plain.data as ApiRow)['id'])).toBe(id);
      expect((plain.data as ApiRow)['mask']).toBe('24');
    });

    it('with the keys of the API, and with those of the database where it forgets to', async () => {
      const id = await subnet('10.77.0.0/24');
      await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: id, hostname: 'h.example', tag: 3 });
      const [found] = (await ipam.read('/addresses/search/10.77.0.7/')) as unknown as ApiRow[];
      expect(found).toMatchObject({ ip: '10.77.0.7', tag: '3', deviceId: null });
      const raw = await ipam.read(`/addresses/10.77.0.7/${id}/`);
      expect(raw).toMatchObject({ ip_addr: String((10 << 24) + (77 << 16) + 7), state: '3' });
    });
  });

  describe('refuses', () => {
    it('a key that is no column, and the time of the last change', async () => {
      const body = { subnet: '10.77.0.0', mask: '24', sectionId: section };
      expect(await call('POST', '/subnets/', { ...body, colour: 'red' })).toMatchObject({
        status: 400,
        json: { message: 'Invalid request key colour' },
      });
      expect(await call('POST', '/subnets/', { ...body, editDate: '2026-01-01' })).toMatchObject({ status: 400 });
      expect(await call('POST', '/vrfs/', { name: unique('v'), custom_of_nobody: 'x' })).toMatchObject({
        status: 400,
        json: { message: 'Invalid request key custom_of_nobody' },
      });
    });

    it('a VRF or VLAN 0: it is asked for, and there is none', async () => {
      const body = { subnet: '10.77.0.0', mask: '24', sectionId: section };
      expect(await call('POST', '/subnets/', { ...body, vrfId: 0 })).toMatchObject({
        status: 404,
        json: { message: 'VRF does not exist' },
      });
      expect(await call('POST', '/subnets/', { ...body, vlanId: 0 })).toMatchObject({
        status: 404,
        json: { message: 'Vlan does not exist' },
      });
    });

    it('to move or resize a subnet by a change; resizing is a call of its own', async () => {
      const id = await subnet('10.77.0.0/24');
      expect(await call('PATCH', `/subnets/${id}/`, { subnet: '10.78.0.0' })).toMatchObject({ status: 400 });
      expect(await call('PATCH', `/subnets/${id}/`, { mask: '25' })).toMatchObject({ status: 400 });
      expect(await call('PATCH', `/subnets/${id}/resize/`, { mask: '23' })).toMatchObject({ status: 200 });
      expect(await ipam.read(`/subnets/${id}/`)).toMatchObject({ subnet: '10.77.0.0', mask: '23' });
    });

    it('a section of less than three characters, and a second one of a name', async () => {
      expect(await call('POST', '/sections/', { name: 'ab' })).toMatchObject({ status: 400 });
      const { name } = await ipam.read(`/sections/${section}/`);
      expect(await call('POST', '/sections/', { name })).toMatchObject({ status: 500 });
    });

    it('a subnet whose host bits are set', async () => {
      expect(await call('POST', '/subnets/', { subnet: '10.77.0.1', mask: '24', sectionId: section })).toMatchObject({ status: 400 });
    });

    it('to give an address another number or subnet', async () => {
      const id = await subnet('10.77.0.0/24');
      const address = await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: id });
      expect(await call('PATCH', `/addresses/${address}/`, { ip: '10.77.0.8', tag: 2 })).toMatchObject({ status: 400 });
      expect(await call('PATCH', `/addresses/${address}/`, { subnetId: id, tag: 2 })).toMatchObject({ status: 400 });
    });

    it('a change of a VLAN without its name', async () => {
      const id = await make('/vlans/', { number: 77, name: unique('vlan'), domainId: await make('/l2domains/', { name: unique('d') }) });
      expect(await call('PATCH', `/vlans/${id}/`, { description: 'x' })).toMatchObject({
        status: 400,
        json: { message: 'Vlan name is required' },
      });
    });
  });

  describe('overlapping subnets of a strict section', () => {
    it('are refused in one VRF and taken in another, and the search by number finds all of them', async () => {
      const [red, blue] = [await make('/vrfs/', { name: unique('red') }), await make('/vrfs/', { name: unique('blue') })];
      const first = await subnet('10.77.0.0/24', { vrfId: red });
      const second = await subnet('10.77.0.0/24', { vrfId: blue });
      expect(await call('POST', '/subnets/', { subnet: '10.77.0.0', mask: '25', sectionId: section, vrfId: red })).toMatchObject({
        status: 409,
        json: { message: expect.stringContaining('overlap') as string },
      });
      const found = (await ipam.read('/subnets/cidr/10.77.0.0/24/')) as unknown as ApiRow[];
      expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining([first, second]));
    });

    it('are taken below their parent, not beside a sibling and not outside of it', async () => {
      const parent = await subnet('10.77.0.0/16');
      await subnet('10.77.1.0/24', { masterSubnetId: parent });
      const below = (cidr: string) => call('POST', '/subnets/', { subnet: cidr, mask: '24', sectionId: section, masterSubnetId: parent });
      expect(await below('10.77.1.0')).toMatchObject({ status: 409 });
      expect(await below('10.78.0.0')).toMatchObject({ status: 409 });
    });
  });

  it('gives the first free subnet of a parent, which inherits the section and not the VRF', async () => {
    const vrfId = await make('/vrfs/', { name: unique('red') });
    const parent = await subnet('10.77.0.0/16', { vrfId });
    const { status, json } = await call('POST', `/subnets/${parent}/first_subnet/24/`, {});
    expect([status, json.data]).toEqual([201, '10.77.0.0/24']);
    expect(await ipam.read(`/subnets/${json.id}/`)).toMatchObject({
      sectionId: section,
      masterSubnetId: parent,
      vrfId: null,
      description: 'API autocreated',
    });
  });

  describe('an address', () => {
    it('is once in a subnet, and may be in several', async () => {
      const [one, two] = [
        await subnet('10.77.0.0/24'),
        await subnet('10.77.0.0/24', { vrfId: await make('/vrfs/', { name: unique('red') }) }),
      ];
      await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: one });
      await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: two });
      expect(await call('POST', '/addresses/', { ip: '10.77.0.7', subnetId: one })).toMatchObject({ status: 409 });
    });

    it('becomes "Used" by every write that says no tag', async () => {
      const id = await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: await subnet('10.77.0.0/24'), tag: 3 });
      expect(await ipam.read(`/addresses/${id}/`)).toMatchObject({ tag: '3' });
      await call('PATCH', `/addresses/${id}/`, { description: 'a note' });
      expect(await ipam.read(`/addresses/${id}/`)).toMatchObject({ tag: '2', description: 'a note' });
    });

    it('is the first free one until there is none', async () => {
      const id = await subnet('10.77.0.0/30');
      expect(await call('POST', `/addresses/first_free/${id}/`, {})).toMatchObject({ status: 201, json: { data: '10.77.0.1' } });
      expect(await call('POST', `/addresses/first_free/${id}/`, {})).toMatchObject({ status: 201, json: { data: '10.77.0.2' } });
      expect(await call('POST', `/addresses/first_free/${id}/`, {})).toMatchObject({ status: 404 });
    });
  });

  describe('what goes takes with it', () => {
    it('the subnets below a subnet and all of their addresses', async () => {
      const parent = await subnet('10.77.0.0/16');
      const child = await subnet('10.77.1.0/24', { masterSubnetId: parent });
      const address = await ipam.make('/addresses/', { ip: '10.77.1.7', subnetId: child });
      expect(await call('DELETE', `/subnets/${parent}/`)).toMatchObject({ status: 200 });
      expect(await call('GET', `/subnets/${child}/`)).toMatchObject({ status: 400 });
      expect(await call('GET', `/addresses/${address}/`)).toMatchObject({ status: 404 });
    });

    it('the references to a VRF, a VLAN and a customer, and to an L2 domain not its VLANs', async () => {
      const vrfId = await ipam.make('/vrfs/', { name: unique('red') });
      const domainId = await ipam.make('/l2domains/', { name: unique('d') });
      const vlanId = await make('/vlans/', { number: 77, name: unique('vlan'), domainId });
      const other = await ipam.make('/vlans/', { number: 78, name: unique('other'), domainId });
      const customer = await ipam.make('/tools/customers/', { title: unique('acme') });
      const id = await subnet('10.77.0.0/24', { vrfId, vlanId: other, customer_id: customer });
      const address = await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: id, customer_id: customer });
      const filter = `filter_by=customer_id&filter_value=${customer}&filter_match=full`;
      expect((await call('GET', `/subnets/?${filter}`)).json.data).toMatchObject([{ subnet: '10.77.0.0' }]);
      expect((await call('GET', `/addresses/?${filter}`)).json.data).toHaveLength(1);
      for (const path of [`/vrfs/${vrfId}/`, `/vlans/${other}/`, `/tools/customers/${customer}/`, `/l2domains/${domainId}/`]) {
        expect(await call('DELETE', path), path).toMatchObject({ status: 200 });
      }
      expect(await ipam.read(`/subnets/${id}/`)).toMatchObject({ vrfId: null, vlanId: null, customer_id: null });
      expect(await ipam.read(`/addresses/${address}/`)).toMatchObject({ customer_id: null });
      expect(await ipam.read(`/vlans/${vlanId}/`)).toMatchObject({ domainId: '1' });
    });
  });

  it('clears a reference by null', async () => {
    const vrfId = await make('/vrfs/', { name: unique('red') });
    const id = await subnet('10.77.0.0/24', { vrfId });
    expect(await call('PATCH', `/subnets/${id}/`, { vrfId: null })).toMatchObject({ status: 200 });
    expect(await ipam.read(`/subnets/${id}/`)).toMatchObject({ vrfId: null });
  });

  it('notes the time of a change, and not that of the creation', async () => {
    const id = await subnet('10.77.0.0/24');
    expect(await ipam.read(`/subnets/${id}/`)).toMatchObject({ editDate: null });
    await call('PATCH', `/subnets/${id}/`, { description: 'changed' });
    expect(await ipam.read(`/subnets/${id}/`)).toMatchObject({
      editDate: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
    });
  });

  it('has one VRF of a name, and one VLAN of a number where it is made', async () => {
    const name = unique('red');
    await make('/vrfs/', { name });
    expect(await call('POST', '/vrfs/', { name })).toMatchObject({ status: 409 });
    const domainId = await make('/l2domains/', { name: unique('d') });
    await make('/vlans/', { number: 77, name: 'ct-a', domainId });
    const second = await make('/vlans/', { number: 78, name: 'ct-b', domainId });
    expect(await call('PATCH', `/vlans/${second}/`, { name: 'ct-b', number: 77 })).toMatchObject({ status: 200 });
  });

  it('has one customer of a title, which the database says', async () => {
    const title = unique('acme');
    await make('/tools/customers/', { title });
    expect(await call('POST', '/tools/customers/', { title })).toMatchObject({ status: 500 });
  });

  it('shows the columns that an administrator added, and finds rows by them', async () => {
    expect(await ipam.read('/subnets/custom_fields/')).toHaveProperty(MARK);
    expect(await ipam.read('/l2domains/custom_fields/')).toHaveProperty(MARK);
    expect(await call('GET', '/tools/customers/custom_fields/')).toMatchObject({ status: 400 });
    const mark = unique('sub');
    const id = await subnet('10.77.0.0/24', { [MARK]: mark });
    const by = `/subnets/?filter_by=${MARK}&filter_match=regex&filter_value=${encodeURIComponent(`/^(${mark}|nobody)$/`)}`;
    expect(((await ipam.read(by)) as unknown as ApiRow[]).map((row) => row['id'])).toEqual([id]);
    const address = await ipam.make('/addresses/', { ip: '10.77.0.7', subnetId: id, [MARK]: `${mark}-address` });
    const searched = await ipam.read(`/search/${mark}-address/?addresses=1&subnets=0&vlan=0&vrf=0`);
    expect(searched['addresses']).toMatchObject({ code: 200, data: [{ id: address, [MARK]: `${mark}-address` }] });
    expect(await ipam.read(`/search/${mark}-nobody/?addresses=1&subnets=0&vlan=0&vrf=0`)).toMatchObject({ addresses: { code: 404 } });
    expect(await call('PATCH', '/tools/customers/0/', { [MARK]: 'x' })).toMatchObject({
      status: 400,
      json: { message: 'Invalid identifier' },
    });
    expect(await call('PATCH', '/tools/customers/0/', { custom_of_nobody: 'x' })).toMatchObject({
      json: { message: 'Invalid request key custom_of_nobody' },
    });
  });

  it('says in the page of the login which release it is', async () => {
    const { body } = await ipam.send('GET', `${ipam.url}/index.php?page=login`);
    expect(body).toMatch(/\[v1\.\d+(\.\d+)*\]|\?v=1\.\d+/);
  });
});
