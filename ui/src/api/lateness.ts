// How late words come on one way, by the sender's clock and this side's, which need not agree: the quickest word so
// far is the measure. So an old word that was held up is not taken for a new one.
const drift = 0.001; // of two clocks against each other, at most

export class Lateness {
  private least = Number.POSITIVE_INFINITY;
  private came = 0;

  // Both in milliseconds, each by a clock that is not put back.
  ageOf(sent: number, came: number): number {
    const lag = came - sent;
    this.least = Math.min(lag, this.least + Math.max(0, came - this.came) * drift);
    this.came = came;
    return lag - this.least;
  }
}
