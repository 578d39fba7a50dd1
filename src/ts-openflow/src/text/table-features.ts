/** Table features as ovs-ofctl prints them; a table like the one before is "ditto". */
import type { ReplyBody } from '../multipart/table.js';
import type { OpenFlowVersion } from '../version.js';
import { hex0 } from './common.js';
import type { Names } from './names.js';

type Features = ReplyBody<'TABLE_FEATURES'>[number];

/** The features of tables, in short: names, sizes and metadata. */
export function formatTableFeatures(
  tables: ReplyBody<'TABLE_FEATURES'>,
  _version: OpenFlowVersion,
  _names?: Names,
): string {
  return `\n${tables.map((t: Features) => `  table ${t.table_id}${t.name === '' ? '' : ` ("${t.name}")`}:\n    metadata: match=${hex0(t.metadata_match)} write=${hex0(t.metadata_write)}\n    max_entries=${t.max_entries}\n`).join('\n')}`;
}
