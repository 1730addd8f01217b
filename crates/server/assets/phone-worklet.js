// The two ends of a call on the sound card's own thread: what the microphone hears goes out at 16 kHz in frames of 20 ms,
// what the assistant says comes in at 16 kHz, and a mark is told when everything before it was played or thrown away.

const RATE = 16000;
const FRAME = 320;
// Samples at the narrower rate on either side of each that is computed.
const REACH = 12;

// Between two rates, by a windowed sinc; each fraction of a sample that occurs has its own row of weights.
class Resampler {
  constructor(from, to) {
    const divisor = gcd(from, to);
    this.step = from / divisor;
    this.phases = to / divisor;
    const cut = Math.min(1, to / from) * 0.94;
    this.half = Math.ceil(REACH / cut);
    this.rows = Array.from({ length: this.phases }, (_, phase) => weights(phase / this.phases, this.half, cut));
    this.input = new Float32Array(2 * this.half);
    // The position of the next output, in parts of an input sample, from the middle of what was kept.
    this.at = 0;
  }

  push(samples) {
    const all = new Float32Array(this.input.length + samples.length);
    all.set(this.input);
    all.set(samples, this.input.length);
    const out = [];
    let whole = Math.floor(this.at / this.phases);
    while (whole + 2 * this.half < all.length) {
      const row = this.rows[this.at % this.phases];
      let sum = 0;
      for (let k = 0; k < row.length; k++) sum += row[k] * all[whole + k];
      out.push(sum);
      this.at += this.step;
      whole = Math.floor(this.at / this.phases);
    }
    const used = Math.min(whole, all.length);
    this.input = all.slice(used);
    this.at -= used * this.phases;
    return out;
  }
}

function weights(fraction, half, cut) {
  const row = new Float32Array(2 * half);
  let sum = 0;
  for (let k = 0; k < row.length; k++) {
    const x = k - half + 1 - fraction;
    const window = 0.5 + 0.5 * Math.cos(Math.PI * Math.max(-1, Math.min(1, x / half)));
    const angle = Math.PI * x * cut;
    row[k] = (angle === 0 ? 1 : Math.sin(angle) / angle) * window;
    sum += row[k];
  }
  for (let k = 0; k < row.length; k++) row[k] /= sum;
  return row;
}

function gcd(a, b) {
  return b === 0 ? a : gcd(b, a % b);
}

class Telephone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.up = new Resampler(sampleRate, RATE);
    this.down = new Resampler(RATE, sampleRate);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    // What is still to be played: pieces of sound, and marks where they stand among them.
    this.queue = [];
    this.offset = 0;
    this.muted = false;
    this.loudest = { in: 0, out: 0 };
    this.told = 0;
    this.port.onmessage = ({ data }) => this.on(data);
  }

  on(data) {
    if (data.sound) {
      const samples = new Int16Array(data.sound);
      const heard = Float32Array.from(samples, (sample) => sample / 32768);
      this.queue.push(Float32Array.from(this.down.push(heard)));
    } else if (data.mark) {
      this.queue.push(data.mark);
    } else if (data.clear) {
      for (const piece of this.queue) if (typeof piece === "string") this.port.postMessage({ played: piece });
      this.queue = [];
      this.offset = 0;
      this.down = new Resampler(RATE, sampleRate);
    } else if ("muted" in data) {
      this.muted = data.muted;
    }
  }

  process(inputs, outputs) {
    const heard = inputs[0][0];
    const length = outputs[0][0].length;
    this.hear(heard && !this.muted ? heard : new Float32Array(length));
    this.play(outputs[0]);
    this.tell(length);
    return true;
  }

  hear(samples) {
    for (const sample of this.up.push(samples)) {
      const bounded = Math.max(-1, Math.min(1, sample));
      this.loudest.in = Math.max(this.loudest.in, Math.abs(bounded));
      this.frame[this.filled++] = Math.round(bounded * 32767);
      if (this.filled === FRAME) {
        this.port.postMessage({ frame: this.frame.buffer }, [this.frame.buffer]);
        this.frame = new Int16Array(FRAME);
        this.filled = 0;
      }
    }
  }

  play(channels) {
    const out = channels[0];
    let at = 0;
    while (this.queue.length > 0) {
      const piece = this.queue[0];
      if (typeof piece === "string") {
        this.port.postMessage({ played: piece });
        this.queue.shift();
        continue;
      }
      if (at === out.length) break;
      const take = Math.min(out.length - at, piece.length - this.offset);
      out.set(piece.subarray(this.offset, this.offset + take), at);
      at += take;
      this.offset += take;
      if (this.offset === piece.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    for (const sample of out) this.loudest.out = Math.max(this.loudest.out, Math.abs(sample));
    for (const other of channels.slice(1)) other.set(out);
  }

  // How loud it was, some times a second.
  tell(length) {
    this.told += length;
    if (this.told >= sampleRate / 12) {
      this.port.postMessage({ levels: this.loudest });
      this.loudest = { in: 0, out: 0 };
      this.told = 0;
    }
  }
}

registerProcessor("telephone", Telephone);
