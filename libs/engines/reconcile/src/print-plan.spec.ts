import { makePlan } from './make-plan.js';
import { printPlan } from './print-plan.js';

describe('printPlan', () => {
  it('shows each change with what it was and what it becomes, and only counts what stays', () => {
    const plan = makePlan({
      subject: 'zone cust.example',
      desired: [
        { key: 'gw.cust.example/a', value: { ttl: 60, records: ['10.20.0.1'] } },
        { key: 'new.cust.example/a', value: { ttl: 300, records: ['10.20.0.9'] } },
        { key: 'same.cust.example/a', value: { ttl: 300, records: ['10.20.0.7'] } },
        { key: 'www.cust.example/a', value: { ttl: 300, records: ['10.20.0.8'] } },
      ],
      actual: [
        { key: 'gw.cust.example/a', value: { ttl: 300, records: ['10.20.0.1'] }, owned: true },
        { key: 'old.cust.example/a', value: { ttl: 300, records: ['10.20.0.2'] }, owned: true },
        { key: 'same.cust.example/a', value: { ttl: 300, records: ['10.20.0.7'] }, owned: true },
        { key: 'www.cust.example/a', value: { ttl: 60, records: ['192.0.2.1'] }, owned: false },
      ],
    });
    expect(
      printPlan(plan),
    ).toBe(`zone cust.example: 1 to delete, 1 to change, 1 to create, 1 unchanged, 1 held by someone else (plan ${plan.digest.slice(0, 12)})
- old.cust.example/a
    - {"records":["10.20.0.2"],"ttl":300}
~ gw.cust.example/a
    ttl: 300 → 60
+ new.cust.example/a
    + {"records":["10.20.0.9"],"ttl":300}
! www.cust.example/a
    has   {"records":["192.0.2.1"],"ttl":60}
    wants {"records":["10.20.0.8"],"ttl":300}
`);
  });

  it('shows a configuration by its changed lines', () => {
    const plan = makePlan({
      subject: 'device leaf1',
      desired: [{ key: 'running-config', value: 'vlan 10\n   name web\n' }],
      actual: [{ key: 'running-config', value: 'vlan 10\n   name old\n', owned: true }],
    });
    expect(printPlan(plan).split('\n').slice(2, -1)).toEqual([
      '    @@ -1,2 +1,2 @@ vlan 10',
      '     vlan 10',
      '    -   name old',
      '    +   name web',
    ]);
  });

  it('says so when there is nothing to do', () => {
    const plan = makePlan({ subject: 'zone x.example', desired: [], actual: [] });
    expect(printPlan(plan)).toBe(`zone x.example: 0 to delete, 0 to change, 0 to create, 0 unchanged (plan ${plan.digest.slice(0, 12)})\n`);
  });

  it('never passes a control or bidi character of another system to the terminal', () => {
    const plan = makePlan({ subject: 'x', desired: [{ key: 'evil\u001b[2Jkey\r', value: 'a\u202eb\u001b]0;' }], actual: [] });
    expect(printPlan(plan)).not.toMatch(/[^\P{C}\n]/u);
    expect(printPlan(plan)).toContain('evil\\u{1b}[2Jkey\\u{d}');
  });
});
