/** The port's own clock around its own calls. */

/**
 * Nanoseconds of `calls` calls in a row, measured `samples` times: (samples,).
 *
 * @param {() => unknown} call
 * @param {number} calls
 * @param {number} samples
 */
export function elapsed(call, calls, samples) {
  const nanoseconds = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) {
      call();
    }
    nanoseconds[sample] = Number(process.hrtime.bigint() - start);
  }
  return nanoseconds;
}
