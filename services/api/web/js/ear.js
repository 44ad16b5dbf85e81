/** The person's open microphone as the page hears it: how loud, and whether it gives anything at all. */
import { Meter, SILENCE } from "./meter.js";

/** A microphone that gives nothing for so long, while nobody else speaks, is worth a hint. */
const UNHEARD_MS = 15_000;

export class Ear {
  /** @param {MediaStreamTrack} track @param {boolean} works  it has given sound before, as after a reconnect */
  constructor(track, works = false) {
    this.track = track;
    this.meter = new Meter(track);
    this.works = works;
    this.fineAt_ms = performance.now();
  }

  /** Level now, 0 to 1. */
  level() {
    const level = this.meter.level();
    this.works ||= level > SILENCE;
    return level;
  }

  /**
   * Whether nothing comes from it. One that has worked is only doubted when the device says so:
   * people who listen are silent, and so is their room.
   * @param {number} now_ms
   * @param {boolean} excused  it is closed, or somebody else speaks
   */
  gaveUp(now_ms, excused) {
    if (excused || (this.works && !this.track.muted)) this.fineAt_ms = now_ms;
    return now_ms - this.fineAt_ms > UNHEARD_MS;
  }

  close() {
    this.meter.close();
  }
}
