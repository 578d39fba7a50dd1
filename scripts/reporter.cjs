/** mocha's spec reporter, and one last line that machines read: `N passed, N failed`. */
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      // After Spec's own epilogue, which runs in the same event.
      setImmediate(() => console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`));
    });
  }
};
