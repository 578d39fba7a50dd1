/** Which packets of a switch are a guest's question, and as what an answer goes back. */
import { expect } from 'chai';
import type { Message, MessageInput, Session } from 'ts-openflow';
import { Answers } from '../../src/controller/answers.js';
import { bindings, desiredState, topologyIndex } from '../../src/desired/index.js';
import { inject, ownerCookie, services } from '../../src/pipeline/index.js';
import { followPunts, type Punt, sendAnswer } from '../../src/session/punts.js';
import type { Topology } from '../../src/topology/index.js';
import { ETH, ethernet } from '../lab/frames.js';
import { groupMac, neighbour, solicitedNode } from '../lab/ipv6.js';
import { worldOf } from '../world.js';

/** What the session takes of these messages, and what it sends. */
function session() {
  const listeners: ((message: Message) => void)[] = [];
  const sent: MessageInput[] = [];
  const fake = {
    onMessage: (listener: (message: Message) => void) => listeners.push(listener),
    send: (message: MessageInput) => sent.push(message),
  } as unknown as Session;
  return { fake, sent, hear: (message: object) => listeners.forEach((listener) => void listener(message as Message)) };
}

const DATA = Buffer.alloc(60, 7);
const packetIn = (over: object = {}) => ({
  kind: 'PacketIn',
  table_id: services.id,
  cookie: ownerCookie('port red/web/red-vm1'),
  total_len: DATA.length,
  match: { in_port: { value: 10 }, reg0: { value: 5 }, reg1: { value: 10 } },
  data: DATA,
  ...over,
});

describe('questions of guests', () => {
  const heard = (message: object): readonly Punt[] => {
    const { fake, hear } = session();
    const punts: Punt[] = [];
    followPunts(fake, (punt) => punts.push(punt));
    hear(message);
    return punts;
  };

  it('are known by table, cookie, port and registers, in the forms of every version', () => {
    const punt = { ofport: 10, network: 5, frame: DATA };
    expect(heard(packetIn())).to.deep.equal([punt]);
    const xreg0 = { value: (5n << 32n) | 10n };
    expect(heard(packetIn({ match: { in_port: { value: 10 }, xreg0 } }))).to.deep.equal([punt]);
  });

  it('are nothing else that a switch hands up', () => {
    for (const over of [
      { kind: 'PortStatus' },
      { table_id: services.id + 1 },
      { cookie: 0x77n },
      { total_len: DATA.length + 1 },
      { match: { in_port: { value: 11 }, reg0: { value: 5 }, reg1: { value: 10 } } },
      { match: { in_port: { value: 10 }, reg0: { value: 5 } } },
      { match: { reg0: { value: 5 }, reg1: { value: 10 } } },
    ])
      expect(heard(packetIn(over))).to.deep.equal([]);
  });

  it('are answered by table inject, with the registers of the port that asked', () => {
    const { fake, sent } = session();
    sendAnswer(fake, { ofport: 10, network: 5, frame: DATA }, Buffer.from([1]));
    expect(sent).to.deep.equal([
      {
        kind: 'PacketOut',
        actions: [
          { kind: 'set_field', field: 'reg0', value: 5 },
          { kind: 'set_field', field: 'reg2', value: 10 },
          { kind: 'resubmit', table: inject.id },
        ],
        data: Buffer.from([1]),
      },
    ]);
  });

  it('are those of the port that the host has under that number, if its network agrees', () => {
    const world = worldOf({ hosts: 2, ports: 2, dual: true });
    const desired = desiredState(world, 'hv1', bindings(world));
    const topology: Topology = world.topology;
    const [network] = topology.networks;
    const ofport = desired.numbers.get(network?.ports[0]?.path ?? '') ?? expect.fail('not bound');
    const key = network?.key ?? expect.fail('no network');
    const [asker, asked] = network?.ports ?? [];
    const dst = solicitedNode('fd00:1::2');
    const frame = ethernet(
      { dst: groupMac(dst), src: asker?.mac ?? '', type: ETH.ipv6 },
      neighbour(135, { src: '::', dst, target: 'fd00:1::2', hopLimit: 255 }),
    );
    expect(asked?.ips).to.include('fd00:1::2');
    const answers = new Answers();
    const index = topologyIndex(topology);
    const to = (punt: Punt) => answers.to(punt, index, desired);
    expect(to({ ofport, network: key, frame })).to.not.equal(undefined);
    expect(to({ ofport, network: key + 1, frame })).to.equal(undefined);
    expect(to({ ofport: 9999, network: key, frame })).to.equal(undefined);
    expect(answers.to({ ofport, network: key, frame }, index, undefined)).to.equal(undefined);
  });
});
