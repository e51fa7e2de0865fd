// Outlines of sound. Each stage of a pyramid holds the loudest of four values of the stage below.

class Wave {
  /** @param {string} encoded a byte for each peakMs @param {number} at ms of its beginning */
  constructor(encoded, at) {
    this.at = at;
    this.stages = [bytes(encoded)];
    while (this.stages.at(-1).length > 512) {
      const below = this.stages.at(-1);
      const stage = new Uint8Array(Math.ceil(below.length / 4));
      for (let i = 0; i < below.length; i += 1) stage[i >> 2] = Math.max(stage[i >> 2], below[i]);
      this.stages.push(stage);
    }
  }

  /** The loudest of a stretch, 0 to 1; -1 outside of the recording. */
  loudest(from, to) {
    let first = (from - this.at) / data.peakMs;
    let last = (to - this.at) / data.peakMs;
    if (last <= 0 || first >= this.stages[0].length) return -1;
    let stage = 0;
    while (last - first > 8 && stage < this.stages.length - 1) {
      first /= 4;
      last /= 4;
      stage += 1;
    }
    const values = this.stages[stage];
    let loudest = 0;
    const end = Math.min(values.length, Math.max(Math.floor(first) + 1, Math.ceil(last)));
    for (let i = Math.max(0, Math.floor(first)); i < end; i += 1) loudest = Math.max(loudest, values[i]);
    return (loudest / 255) ** 1.25;
  }
}

const waves = data.recordings.map((each) => ({ heard: new Wave(each.heard, each.at), spoken: new Wave(each.spoken, each.at) }));

/** Fill an outline around ``middle``. */
function drawWave(context, wave, { left, right, from, to, middle, half, color }) {
  const each = (to - from) / (right - left);
  context.fillStyle = color;
  context.beginPath();
  for (let x = left; x < right; x += 1) {
    const t = from + (x - left) * each;
    const value = wave.loudest(t, t + each);
    if (value < 0) continue;
    const tall = Math.max(0.5, value * half);
    context.rect(x, middle - tall, 1, tall * 2);
  }
  context.fill();
}
