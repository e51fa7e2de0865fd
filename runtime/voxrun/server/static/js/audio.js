/** WebAudio: levels of what is sent and heard, the ring, the ring-back tone, and silence to send. */

/** Level of a stream, 0 to 1, on a scale on which ordinary speech fills about two thirds. */
export class LevelMeter {
  /** @param {AudioContext} context @param {MediaStream} stream */
  constructor(context, stream) {
    this.source = context.createMediaStreamSource(stream);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.source.connect(this.analyser);
  }

  read() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.samples.length + 1e-10);
    return Math.min(1, Math.max(0, (decibels + 60) / 54));
  }

  close() {
    this.source.disconnect();
  }
}

/** Tone patterns: frequencies in Hz, then seconds on and off in turn, repeated. */
const RING = { tones: [440, 480], cadence: [0.9, 0.25, 0.9, 2.4], gain: 0.11 };
const RING_BACK = { tones: [425], cadence: [1, 3], gain: 0.05 };

export class Audio {
  constructor() {
    /** @type {AudioContext | null} */
    this.shared = null;
    this.aloud = true;
    /** @type {(() => void) | null} */
    this.stopSound = null;
  }

  /** One context for everything. It sleeps until the person has touched the page; browsers want it so. */
  get context() {
    this.shared ??= new AudioContext();
    if (this.shared.state === "suspended") void this.shared.resume();
    return this.shared;
  }

  /** @param {MediaStream} stream */
  meter(stream) {
    return new LevelMeter(this.context, stream);
  }

  /** A track of silence, for calls without a microphone. */
  silence() {
    return this.context.createMediaStreamDestination().stream.getAudioTracks()[0];
  }

  ring() {
    if (this.aloud) this.#sound(RING);
  }

  ringBack() {
    this.#sound(RING_BACK);
  }

  quiet() {
    this.stopSound?.();
    this.stopSound = null;
  }

  #sound(pattern) {
    this.quiet();
    const context = this.context;
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(context.destination);
    const tones = pattern.tones.map((frequency) => new OscillatorNode(context, { frequency }));
    for (const tone of tones) tone.connect(gain);
    for (const tone of tones) tone.start();
    const length = pattern.cadence.reduce((sum, part) => sum + part, 0);
    let next = context.currentTime + 0.05;
    const schedule = () => {
      // Rounds are put down a little ahead; a context that sleeps catches up without a burst.
      next = Math.max(next, context.currentTime);
      while (next < context.currentTime + 1) next = cadence(gain.gain, pattern, next, length);
    };
    schedule();
    const timer = setInterval(schedule, 500);
    this.stopSound = () => {
      clearInterval(timer);
      gain.gain.cancelScheduledValues(context.currentTime);
      gain.gain.setTargetAtTime(0, context.currentTime, 0.01);
      for (const tone of tones) tone.stop(context.currentTime + 0.1);
    };
  }
}

/** One round of on and off from ``start``; soft edges, because hard ones click. */
function cadence(parameter, pattern, start, length) {
  let at = start;
  pattern.cadence.forEach((seconds, index) => {
    parameter.setTargetAtTime(index % 2 === 0 ? pattern.gain : 0, at, 0.012);
    at += seconds;
  });
  return start + length;
}
