/**
 * mocha's spec reporter, and one last line that machines read: `N passed, N failed`. With the option `counts=FILE` both
 * numbers go there instead, for who adds up several runs.
 */
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = options.reporterOptions?.counts;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      if (counts !== undefined) writeFileSync(counts, `${passes} ${failures}\n`);
      // After Spec's own epilogue, which runs in the same event.
      else setImmediate(() => console.log(`${passes} passed, ${failures} failed`));
    });
  }
};
