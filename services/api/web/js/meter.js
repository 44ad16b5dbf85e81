/** How loud a track is, 0 to 1, read when asked. One audio context for the page. */

/** Below this a microphone counts as giving nothing at all. */
export const SILENCE = 0.012;
/** Decibels that are drawn as empty and as full. */
const FLOOR_DB = -58;
const CEILING_DB = -14;

/** @type {AudioContext | null} */
let context = null;

/** Start the audio context: call it in a gesture, or the browser keeps it asleep. */
export function wake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => undefined);
  return context;
}

export class Meter {
  /** @param {MediaStreamTrack} track  the meter only listens: whoever opened it ends it */
  constructor(track) {
    const audio = wake();
    this.source = audio.createMediaStreamSource(new MediaStream([track]));
    this.analyser = new AnalyserNode(audio, { fftSize: 512, smoothingTimeConstant: 0.2 });
    this.source.connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
    this.shown = 0;
  }

  /** The level now: it rises at once and falls slowly, as needles do. */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    this.shown = Math.max(loudness(this.samples), this.shown * 0.86);
    return this.shown;
  }

  close() {
    this.source.disconnect();
  }
}

/** Root mean square on a scale of decibels, 0 to 1. @param {ArrayLike<number>} samples */
export function loudness(samples) {
  let sum = 0;
  for (let at = 0; at < samples.length; at += 1) sum += samples[at] ** 2;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

/** Call `draw` once a frame until the returned function is called. @param {(now_ms: number) => void} draw */
export function everyFrame(draw) {
  let id = 0;
  const turn = (/** @type {number} */ now_ms) => {
    draw(now_ms);
    id = requestAnimationFrame(turn);
  };
  id = requestAnimationFrame(turn);
  return () => cancelAnimationFrame(id);
}
