/**
 * What the network answers its guests, on real Open vSwitch with real clients: ISC dhclient, rdisc6 and the kernel's own
 * IPv6. The VMs lose the addresses that the lab gave them first.
 */
import { expect } from 'chai';
import { BROADCAST, ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eui64, groupMac, ipv6, neighbour, solicitedNode, udp6 } from '../lab/ipv6.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { COUNT, sendAll } from './sending.js';

const mac = (n: number): string => `02:00:00:00:01:0${n}`;
const slaac = (n: number): string => eui64(mac(n)).replace(/^fe80::0:/, 'fd00:1::');

/** red: SLAAC and DHCP; blue, with the same addresses: managed; green: nothing. */
const TOPOLOGY = [
  'underlay: { encapsulation: geneve, tunnels: mesh, mtu: 1500 }',
  'hosts:',
  ...[1, 2].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n} }`),
  'tenants:',
  ...[
    [
      'red',
      'ra: slaac',
      '{ gateway: 192.168.0.2, routes: [{ to: 10.8.0.0/13, via: 192.168.0.1 }], dns: [192.168.0.53, "fd00:1::53"], lease: 7200 }',
    ],
    ['blue', 'ra: managed', '{ dns: ["fd00:1::54"] }'],
    ['green', 'ra: off', undefined],
  ].flatMap(([name, ra, dhcp]) => [
    `  ${name}:`,
    '    networks:',
    '      web:',
    '        subnets: [192.168.0.0/24, "fd00:1::/64"]',
    `        ${ra}`,
    ...(dhcp === undefined ? [] : [`        dhcp: ${dhcp}`]),
    '        ports:',
    ...[1, 2].map(
      (n) => `          ${name}-vm${n}: { mac: "${mac(n)}", ips: [192.168.0.${n}, "fd00:1::${n}"], hosts: [hv${n}] }`,
    ),
  ]),
  '',
].join('\n');

/** dhclient's script: it writes down what it was given; the test does what a guest would do with it. */
const dhclient = (family: 4 | 6, options = ''): string => `
set -e
dir=$(mktemp -d)
printf '#!/bin/sh\\n[ "$reason" = PREINIT ] || [ "$reason" = PREINIT6 ] || { env | grep -E "^(reason|new_)" > %s/new; }\\n' $dir > $dir/script
chmod +x $dir/script
cat > $dir/conf <<'CONF'
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
request subnet-mask, routers, domain-name-servers, interface-mtu, rfc3442-classless-static-routes, dhcp6.name-servers;
timeout 15;
CONF
touch $dir/leases
# dhclient gives up on a link-local address whose duplicate detection is not over
[ ${family} = 4 ] || for i in $(seq 50); do ip -6 addr show dev eth0 scope link | grep inet6 | grep -qv tentative && break; sleep 0.1; done
dhclient -${family} -1 -d -cf $dir/conf -lf $dir/leases -pf $dir/pid -sf $dir/script ${options} eth0 > $dir/log 2>&1 &
pid=$!
for i in $(seq 150); do [ -s $dir/new ] && break; sleep 0.1; done
kill $pid 2>/dev/null || true; wait $pid || true
cat $dir/new || { cat $dir/log >&2; exit 1; }
rm -r $dir
`;

const parsed = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

describe('services for guests', function () {
  this.timeout(90_000);
  let net: Installation;
  const shell = async (vm: string, script: string): Promise<string> => {
    const { rc, stdout, stderr } = await net.lab.shell({ vm }, script, { timeout: 40 });
    if (rc !== 0) throw new Error(`${vm}: ${stderr}${stdout}`);
    return stdout;
  };

  before(async () => {
    net = await startInstallation(TOPOLOGY);
    await net.plugAll();
  });
  after(() => net?.stop());

  it('DHCPv4: a real client gets its address, mask, MTU, routes, DNS and lease, and reaches the other host with them', async () => {
    await shell('red-vm1', 'ip -4 addr flush dev eth0');
    const given = parsed(await shell('red-vm1', dhclient(4)));
    expect(given).to.include({
      reason: 'BOUND',
      new_ip_address: '192.168.0.1',
      new_subnet_mask: '255.255.255.0',
      new_interface_mtu: '1450',
      new_routers: '192.168.0.2',
      new_domain_name_servers: '192.168.0.53',
      new_rfc3442_classless_static_routes: '13 10 8 192 168 0 1 0 192 168 0 2',
      new_dhcp_lease_time: '7200',
      new_dhcp_server_identifier: '169.254.169.253',
    });
    await shell('red-vm1', `ip addr add ${given.new_ip_address}/24 dev eth0 && ping -c 1 -W 5 192.168.0.2`);
  });

  it('DHCPv6, managed: a real client gets the address of the topology and DNS', async () => {
    const given = parsed(await shell('blue-vm1', dhclient(6)));
    expect(given).to.include({
      reason: 'BOUND6',
      new_ip6_address: 'fd00:1::1',
      new_dhcp6_name_servers: 'fd00:1::54',
    });
  });

  it('DHCPv6, stateless: a real client gets DNS, and no address', async () => {
    const given = parsed(await shell('red-vm1', dhclient(6, '-S')));
    expect(given.new_dhcp6_name_servers).to.equal('fd00:1::53');
    expect(given).to.not.have.property('new_ip6_address');
  });

  it('SLAAC: kernels make their addresses and reach each other over the tunnel; the MTU is the network’s', async () => {
    const begin = (vm: string) =>
      shell(
        vm,
        `ip -6 addr flush dev eth0 scope global
        echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
        echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_ra
        echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
        for i in $(seq 100); do ip -6 addr show dev eth0 scope global -tentative | grep -q inet6 && break; sleep 0.1; done
        ip -6 addr show dev eth0 scope global; cat /proc/sys/net/ipv6/conf/eth0/mtu; ip -6 route show`,
      );
    const [one, two] = await Promise.all([begin('red-vm1'), begin('red-vm2')]);
    expect(one)
      .to.include(`inet6 ${slaac(1)}/64`)
      .and.to.match(/^1450$/m);
    expect(two).to.include(`inet6 ${slaac(2)}/64`);
    expect(one).to.not.match(/^default/m);
    await shell('red-vm1', `ping -6 -c 2 -W 5 -I ${slaac(1)} ${slaac(2)}`);
  });

  it('rdisc6 reads the advertisement of a managed network', async () => {
    const text = await shell('blue-vm2', 'rdisc6 -1 -w 5000 eth0');
    expect(text).to.match(/Stateful address conf\.\s*:\s*Yes/);
    expect(text).to.match(/Router lifetime\s*:\s*0/);
    expect(text).to.match(/Prefix\s*:\s*fd00:1::\/64/);
    expect(text).to.match(/Autonomous address conf\.:\s*No/);
    expect(text).to.match(/MTU\s*:\s*1450/);
    expect(text).to.match(/Recursive DNS server\s*:\s*fd00:1::54/);
  });

  it("finds another's address taken, by the kernel's own detection, and its own free", async () => {
    const added = await shell(
      'blue-vm1',
      `ip addr add fd00:1::2/64 dev eth0; for i in $(seq 60); do
        ip -6 addr show dev eth0 | grep fd00:1::2/ | grep -q dadfailed && break; sleep 0.1; done
      ip -6 addr show dev eth0; ip addr del fd00:1::2/64 dev eth0`,
    );
    expect(added).to.match(/fd00:1::2\/64 .*dadfailed/);
    expect(added).to.match(/fd00:1::1\/64 (?!.*dadfailed)/);
  });

  it('gives nothing where nothing is declared: dropped and counted', async () => {
    await sendAll(net, 'green-vm1', 'hv1', [
      {
        what: 'DHCP',
        frame: (m) =>
          ethernet(
            { dst: BROADCAST, src: mac(1), type: ETH.ipv4 },
            ipv4({ src: '0.0.0.0', dst: '255.255.255.255', proto: IP_PROTO.udp }, udp({ sport: 68, dport: 67 }, m)),
          ),
        to: { dropped: 'dhcp_client' },
      },
      {
        what: 'DHCPv6',
        frame: (m) => {
          const ends = { src: eui64(mac(1)), dst: 'ff02::1:2' };
          return ethernet(
            { dst: groupMac(ends.dst), src: mac(1), type: ETH.ipv6 },
            ipv6({ ...ends, next: IP_PROTO.udp }, udp6({ sport: 546, dport: 547 }, m, ends)),
          );
        },
        to: { dropped: 'dhcp_client' },
      },
      {
        what: 'other IPv4 without an address',
        frame: (m) =>
          ethernet(
            { dst: BROADCAST, src: mac(1), type: ETH.ipv4 },
            ipv4({ src: '0.0.0.0', dst: '255.255.255.255', proto: IP_PROTO.udp }, udp({ sport: 68, dport: 69 }, m)),
          ),
        to: { dropped: 'ip_spoof' },
      },
    ]);
  });

  it('answers the port that asked, and nobody else, with what the guard lets through', async () => {
    const others = Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'red-vm1');
    const stops = await Promise.all(others.map(async (vm) => net.lab.capture({ vm })));
    const mine = await net.lab.capture({ vm: 'red-vm1' });
    const dst = solicitedNode('fd00:1::2');
    const ask = ethernet(
      { dst: groupMac(dst), src: mac(1), type: ETH.ipv6 },
      neighbour(135, { src: 'fd00:1::1', dst, target: 'fd00:1::2', hopLimit: 255 }),
    );
    await net.lab.sendFrames({ vm: 'red-vm1' }, [ask], { count: COUNT });
    await sleep(500);
    const answer = ethernet(
      { dst: mac(1), src: mac(2), type: ETH.ipv6 },
      neighbour(136, {
        src: 'fd00:1::2',
        dst: 'fd00:1::1',
        target: 'fd00:1::2',
        mac: mac(2),
        hopLimit: 255,
        flags: 0x60,
      }),
    ).toString('hex');
    const heard = (await mine()).filter((f) => f.dir === 'in').map((f) => f.hex);
    expect(heard.filter((hex) => hex === answer)).to.have.length(COUNT);
    for (const stop of stops)
      expect((await stop()).filter((f) => f.dir === 'in' && f.hex.startsWith(answer))).to.deep.equal([]);
  });

  it('lets no guest load the controller: its meter drops and counts what is above its rate', async () => {
    const flood = ethernet(
      { dst: BROADCAST, src: mac(2), type: ETH.ipv4 },
      ipv4(
        { src: '0.0.0.0', dst: '255.255.255.255', proto: IP_PROTO.udp },
        udp({ sport: 68, dport: 67 }, Buffer.alloc(240)),
      ),
    );
    const asked = async () => {
      const lines = await net.lab.flows('hv2');
      const counts = lines
        .filter((line) => line.includes('table=services') && line.includes('tp_dst=67'))
        .map((line) => Number(/n_packets=(\d+)/.exec(line)?.[1]));
      return counts.reduce((a, b) => a + b);
    };
    const [before, begin] = [await asked(), performance.now()];
    const drops = await net.dropped('hv2', () => net.lab.sendFrames({ vm: 'red-vm2' }, [flood], { count: 2000 }));
    // Packet-ins are what came to the flow and was not dropped by its meter: 40 at once, and 20 a second.
    const [came, seconds] = [(await asked()) - before, (performance.now() - begin) / 1000];
    expect(came).to.be.greaterThan(200);
    expect(came - (drops.punt_rate ?? 0)).to.be.within(1, 40 + 20 * seconds + 1);
  });

  it('warns of links whose MTU does not fit, by name and with the numbers', async () => {
    const warnings = async () => (await net.status()).hosts.find((h) => h.name === 'hv2')?.warnings ?? [];
    expect(await warnings()).to.deep.equal([]);
    const set = (up0: number, tap: number) =>
      net.lab.shell({ host: 'hv2' }, `ip link set up0 mtu ${up0}; ip link set t-red-vm2 mtu ${tap}`);
    await set(1400, 1300);
    await eventually('the warnings', async () => {
      const told = (await warnings()).join('\n');
      const right = told.includes('link up0: its MTU is 1400, that of the underlay is 1500');
      return right && told.includes('(t-red-vm2): its MTU is 1300, that of network red/web is 1450') ? true : told;
    });
    await set(1500, 1450);
    await eventually('no warnings', async () => ((await warnings()).length === 0 ? true : (await warnings()).join()));
  });

  it('leaves guests their addresses while the controller is away', async () => {
    await net.end('SIGKILL');
    await shell('red-vm1', `ping -c 1 -W 5 192.168.0.2 && ping -6 -c 1 -W 5 -I ${slaac(1)} ${slaac(2)}`);
    expect(await shell('red-vm1', 'ip -6 addr show dev eth0 scope global')).to.match(/valid_lft forever/);
    await net.run();
    await net.ready();
    const flows = (await net.status()).hosts.map((h) => h.flowModsSent);
    expect(flows).to.deep.equal([0, 0]);
    await eventually('DHCP to be answered again', async () =>
      parsed(await shell('red-vm1', dhclient(4))).new_ip_address === '192.168.0.1' ? true : 'no address',
    );
  });
});
