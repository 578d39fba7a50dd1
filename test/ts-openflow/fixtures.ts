/** Recorded messages and flows (see test/fixtures/openflow/README.md). */
import { readFileSync } from 'node:fs';

export interface RecordedMessage {
  readonly source: string;
  readonly version: string;
  readonly type: string;
  readonly hex: string;
  readonly text: string | null;
}

export interface RecordedFlow {
  readonly version: '1.3' | '1.5';
  readonly text: string;
  readonly hex: string | null;
}

function rows(name: string): unknown[] {
  const url = new URL(`../../../test/fixtures/openflow/${name}`, import.meta.url);
  return readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

export const recordedMessages = (): RecordedMessage[] => rows('messages.jsonl') as RecordedMessage[];
export const recordedFlows = (): RecordedFlow[] => rows('flows.jsonl') as RecordedFlow[];
