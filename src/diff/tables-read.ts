/** A switch's tables as they were read: flows as octets, of which only a digest is made until somebody wants them. */
import type { OpenFlowVersion } from 'ts-openflow';
import type { ActualFlow, ActualState } from './actual.js';
import type { Digest } from './digest.js';

export interface TablesRead extends Pick<ActualState, 'groups' | 'meters'> {
  readonly version: OpenFlowVersion;
  /** Undefined where the octets make no sense: decoding them says what is wrong. */
  readonly digest: Digest | undefined;
  /** The flows as values. Throws DecodeError. */
  decode(): ReadonlyMap<string, ActualFlow>;
}
