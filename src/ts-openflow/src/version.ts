/** The OpenFlow versions this library speaks, by their number on the wire. */

/** 4 is OpenFlow 1.3, 5 is 1.4, 6 is 1.5. */
export type OpenFlowVersion = 4 | 5 | 6;

/** The versions by their names. */
export const OPENFLOW_VERSIONS = { '1.3': 4, '1.4': 5, '1.5': 6 } as const satisfies Record<string, OpenFlowVersion>;

/** "1.3", "1.4" or "1.5". */
export function formatVersion(version: OpenFlowVersion): string {
  return `1.${version - 1}`;
}

/** Whether a wire number is a version of ours. */
export function isOpenFlowVersion(version: number): version is OpenFlowVersion {
  return version === 4 || version === 5 || version === 6;
}
