/**
 * OVN: its databases and northd in the lab's management network, ovn-controller on each hypervisor. As with Kakuri, all
 * ports are in the intent (lsp-add) and compiled before the first is plugged in. All its processes live in namespaces of
 * the lab, and end with them.
 */
import { existsSync } from 'node:fs';
import { type Contestant, firstIp, plugCommand, run, type Site } from './site.js';

const SCHEMAS = '/usr/share/ovn';
const SOUTHBOUND_PORT = 6642;
const PROGRAMS = [
  '/usr/bin/ovn-controller',
  '/usr/bin/ovn-northd',
  '/usr/bin/ovn-nbctl',
  `${SCHEMAS}/ovn-nb.ovsschema`,
];

/** The command that installs OVN; undefined where it is. */
export const ovnMissing = (): string | undefined =>
  PROGRAMS.every((program) => existsSync(program)) ? undefined : 'apt-get install -y ovn-central ovn-host';

const detached = (directory: string, name: string): string =>
  `--pidfile=${directory}/${name}.pid --log-file=${directory}/${name}.log` +
  ' --detach --no-chdir -vconsole:off -vsyslog:off';

/** The management network's address on which the databases listen: the lab gives hosts the low ones, itself .254. */
const centralAddress = (site: Site): string => site.lab.ready.management.replace(/\d+$/, '253');

async function startCentral(site: Site): Promise<void> {
  const { dir } = site;
  await run(site, { node: 'mgmt' }, `ip addr add ${centralAddress(site)}/24 dev br0`);
  for (const name of ['nb', 'sb'])
    await run(
      site,
      { node: 'mgmt' },
      `ovsdb-tool create ${dir}/${name}.db ${SCHEMAS}/ovn-${name}.ovsschema
      ovsdb-server ${dir}/${name}.db --unixctl=${dir}/${name}.ctl --remote=punix:${dir}/${name}.sock ${detached(dir, name)} \
        ${name === 'sb' ? `--remote=ptcp:${SOUTHBOUND_PORT}:${centralAddress(site)}` : ''}`,
    );
  const databases = `--ovnnb-db=unix:${dir}/nb.sock --ovnsb-db=unix:${dir}/sb.sock`;
  await run(site, { node: 'mgmt' }, `ovn-northd ${databases} --unixctl=${dir}/northd.ctl ${detached(dir, 'northd')}`);
}

async function startController(site: Site, host: string): Promise<void> {
  const { rundir, vtep } = site.lab.ready.hosts[host] ?? { rundir: '', vtep: '' };
  const ids = {
    'system-id': host,
    'ovn-remote': `tcp:${centralAddress(site)}:${SOUTHBOUND_PORT}`,
    'ovn-encap-type': 'geneve',
    'ovn-encap-ip': vtep,
    'ovn-bridge': 'br-int',
    'ovn-remote-probe-interval': '60000',
  };
  const settings = Object.entries(ids).map(([key, value]) => `'external_ids:${key}="${value}"'`);
  const bridge = 'add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure';
  await run(
    site,
    { host },
    `ovs-vsctl --db=unix:${rundir}/db.sock ${bridge} -- set Open_vSwitch . ${settings.join(' ')}
    OVN_RUNDIR=${rundir} ovn-controller unix:${rundir}/db.sock ${detached(rundir, 'ovn-controller')}`,
  );
}

const nbctl = (site: Site, args: string): Promise<string> =>
  run(site, { node: 'mgmt' }, `ovn-nbctl --db=unix:${site.dir}/nb.sock --timeout=50 ${args}`);

export async function ovn(site: Site): Promise<Contestant> {
  await startCentral(site);
  for (const host of Object.keys(site.lab.ready.hosts)) await startController(site, host);
  const ports = [...site.bases, ...site.added].map(
    (vm) => `-- lsp-add net ${vm.ifaceId} -- lsp-set-addresses ${vm.ifaceId} "${vm.mac} ${firstIp(vm)}"`,
  );
  await nbctl(site, `ls-add net ${ports.join(' ')}`);
  for (const vm of site.bases) await run(site, { host: vm.host }, plugCommand(site, vm).join(' '));
  await nbctl(site, '--wait=hv sync');
  return { name: 'OVN', site, plugCommand: (vm) => plugCommand(site, vm), stop: () => Promise.resolve() };
}
