/** The difference between desired and actual, and the messages that make it vanish. Pure throughout. */
export * from './actual.js';
export * from './applied.js';
export * from './diff.js';
export * from './digest.js';
export * from './messages.js';
export * from './opening.js';
export * from './prepared.js';
export * from './tables-read.js';
