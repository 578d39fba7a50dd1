/**
 * The switch's own list of its ports, kept current by PORT_STATUS. It comes over the same connection as the flows, so it
 * is never older than they are: after a restart of ovs-vswitchd it is right where OVSDB may still show old numbers.
 */
import type { Message, Session } from 'ts-openflow';
import type { SwitchPorts } from '../desired/index.js';

/** PORT_STATUS: the port is new, or is gone (OpenFlow 1.5.1 clause 7.4.4). */
const [OFPPR_ADD, OFPPR_DELETE] = [0, 1] as const;

/**
 * Calls `listener` with every complete list, the first one included; returns what ends it. `onNew` hears of a port that was
 * not there before, and before the list with it.
 */
export function followPorts(
  session: Session,
  listener: (ports: SwitchPorts) => void,
  onNew: (name: string, ofport: number) => void = () => undefined,
): () => void {
  let ports: Map<string, number> | undefined;
  let ended = false;
  const early: Message[] = [];

  const apply = (message: Message): void => {
    if (message.kind !== 'PortStatus' || ports === undefined) return;
    const { name, port_no } = message.port;
    const next = new Map(ports);
    for (const [other, number] of ports) if (number === port_no) next.delete(other);
    if (message.reason !== OFPPR_DELETE) next.set(name, port_no);
    ports = next;
  };

  const stop = session.onMessage((message) => {
    if (message.kind !== 'PortStatus') return;
    if (ports === undefined) early.push(message);
    else {
      const { name, port_no } = message.port;
      if (message.reason === OFPPR_ADD && !ports.has(name)) onNew(name, port_no);
      apply(message);
      listener(ports);
    }
  });

  session.multipart('PORT_DESC').then(
    (entries) => {
      if (ended) return;
      ports = new Map(entries.map((port) => [port.name, port.port_no]));
      early.forEach(apply);
      listener(ports);
    },
    () => session.close(),
  );
  return () => {
    ended = true;
    stop();
  };
}
