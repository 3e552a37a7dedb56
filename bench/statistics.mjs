// What is made of the samples.

/** The middle one, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Of the rounds of one row and engine, each a list of samples: the median of their medians, and the least sample of all. */
export function summarise(rounds) {
  return { median: median(rounds.map(median)), minimum: Math.min(...rounds.flat()) };
}
