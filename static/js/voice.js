// Speaks calls: clips joined by WebAudio, one call after another and never two at once.
//
// A call whose turn comes while the browser forbids sound is left out, not kept for later. A clip
// that does not arrive delays nothing: a phrase is passed over, but with a letter or a number
// missing the whole sentence is, since half a number would send somebody to the wrong counter.
import { localVoice, utter } from "./voice-browser.js";

const SENTENCES = {
  zh: { before: ["please"], between: ["number", "to"], after: ["counter"] },
  yue: { before: ["please"], between: ["number", "to"], after: ["counter"] },
  en: { before: ["ticket"], between: ["go-to-counter"], after: [] },
};
const SHORT = {
  zh: { before: [], between: ["to"], after: ["counter"] },
  yue: { before: [], between: ["to"], after: ["counter"] },
  en: { before: [], between: ["go-to-counter"], after: [] },
};

// Seconds of silence before a clip; where a sentence takes breath it is longer.
const PAUSE = 0.06;
const PAUSES = { to: 0.16, counter: 0.02, "go-to-counter": 0.25 };
const CARRIES_THE_NUMBER = /^(letter|digit|number)-/;

// Milliseconds.
const BREATH = 400; // between two languages, and between two calls
const SHORT_BREATH = 120; // between two calls while many wait
const LATE = 20_000; // whose turn comes after this is spoken as shortly as can be
const STILL_LISTENING = 2000; // after a call nobody needs a chime for the next one
const PATIENCE = 3000; // for a clip to arrive, and for a sound to end after its time

const CROWDED = 3; // with more calls waiting than this, only the first language is spoken
const RUSH = 7; // and with more than this only ticket and counter, faster, without the chime
const RATE = 1.3; // faster and as much higher: tones are still told apart
const SHORTER_PAUSE = 0.4;
const SILENCE = 0.01;
const MARGIN = 0.02; // seconds kept round what is heard: an s or an f begins below SILENCE

function spelled(text) {
  return [...String(text).toLowerCase()].flatMap((sign) => {
    if (/[a-z]/.test(sign)) return [`letter-${sign}`];
    return /[0-9]/.test(sign) ? [`digit-${sign}`] : [];
  });
}

function counted(counter) {
  const number = Number(counter);
  const isCounted = Number.isInteger(number) && number > 0 && number < 100;
  return isCounted ? [`number-${number}`] : spelled(counter);
}

/** The clips, in order, that say where a ticket shall go; none for a language we do not speak. */
export function sentence(language, code, counter, isRush = false) {
  const words = (isRush ? SHORT : SENTENCES)[language];
  const [ticket, place] = [spelled(code), counted(counter)];
  if (!words || !ticket.length || !place.length) return [];
  return [...words.before, ...ticket, ...words.between, ...place, ...words.after];
}

/** Where something is heard: recordings, and in some browsers every MP3, begin with silence. */
function edges(buffer) {
  const sound = buffer.getChannelData(0);
  const first = sound.findIndex((value) => Math.abs(value) > SILENCE);
  const last = sound.findLastIndex((value) => Math.abs(value) > SILENCE);
  const from = Math.max(0, first / buffer.sampleRate - MARGIN);
  const to = Math.min(buffer.duration, last / buffer.sampleRate + MARGIN);
  return { from, length: Math.max(0, to - from) };
}

function after(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

function ended(source) {
  return new Promise((resolve) => { source.addEventListener("ended", resolve); });
}

/** Fires "change" whenever `needsGesture` may have changed. */
export class Voice extends EventTarget {
  #base;
  #browser;
  #context = null;
  #clips = new Map();
  #waiting = 0;
  #spokeAt = -Infinity;
  #turn;

  constructor({ base = "/voice/", browser = false } = {}) {
    super();
    this.#base = base;
    this.#browser = browser;
    this.#turn = this.#open().catch(() => {});
  }

  /** True while the browser wants a click or a key before it lets us be heard. */
  get needsGesture() {
    return this.#context !== null && this.#context.state !== "running";
  }

  /** To be called from a click or a key. */
  async enable() {
    await this.#resumed();
    this.#changed();
  }

  /**
   * Chime, then the call in each language: the more calls wait, the shorter. Resolves with the
   * clips that were heard. `begin` is asked when the turn comes; if it answers false the call is
   * passed over.
   */
  say(languages, code, counter, begin = () => true) {
    this.#waiting += 1;
    const askedAt = performance.now();
    const heard = this.#turn.then(() => {
      this.#waiting -= 1;
      if (this.needsGesture || begin() === false) return [];
      const isLate = performance.now() - askedAt > LATE;
      const isRush = this.#waiting > (isLate ? 0 : RUSH);
      const isCrowded = isLate || this.#waiting > CROWDED;
      return this.#speak(isCrowded ? languages.slice(0, 1) : languages, code, counter, isRush);
    });
    this.#turn = heard.catch(() => []).then((clips) => this.#breathe(clips));
    return heard;
  }

  async #open() {
    const context = new AudioContext({ latencyHint: "playback" });
    this.#context = context;
    context.addEventListener("statechange", () => this.#changed());
    await this.#resumed();
    this.#changed();
  }

  /** Where sound is not allowed `resume()` never settles. */
  async #resumed() {
    await Promise.race([this.#context.resume().catch(() => {}), after(PATIENCE / 3)]);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** None for a call that was passed over: the others have waited long enough. */
  async #breathe(clips) {
    if (clips.length) await after(this.#waiting > RUSH ? SHORT_BREATH : BREATH);
  }

  async #speak(languages, code, counter, isRush) {
    const isHeardAnyway = isRush && performance.now() - this.#spokeAt < STILL_LISTENING;
    const [chime, ...parts] = await Promise.all([
      this.#sentence("common", isHeardAnyway ? [] : ["chime"]),
      ...languages.map((language) => this.#part(language, code, counter, isRush)),
    ]);
    const heard = await this.#play(chime);
    for (const part of parts) {
      if (part !== parts[0]) await after(BREATH);
      heard.push(...await part());
    }
    this.#spokeAt = performance.now();
    return heard;
  }

  /** A call in one language, ready to be spoken. */
  async #part(language, code, counter, isRush) {
    const voice = this.#browser ? localVoice(language) : null;
    if (voice) return () => utter(language, voice, code, counter, isRush);
    const clips = await this.#sentence(language, sentence(language, code, counter, isRush));
    return () => this.#play(clips, isRush ? RATE : 1);
  }

  /** The clips of a sentence, ready to be played; none if it would not be understood. */
  async #sentence(language, names) {
    const arrived = names.map((name) => this.#clip(language, name).catch(() => null));
    const clips = await Promise.all(arrived);
    const isLost = names.some((name, index) => !clips[index] && CARRIES_THE_NUMBER.test(name));
    return isLost ? [] : clips.filter((clip) => clip);
  }

  #clip(language, name) {
    const path = `${language}/${name}`;
    if (!this.#clips.has(path)) {
      const clip = this.#load(path, name);
      clip.catch(() => this.#clips.delete(path)); // it may be there the next time
      this.#clips.set(path, clip);
    }
    return this.#clips.get(path);
  }

  async #load(path, name) {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(`${this.#base}${path}.mp3`, { signal });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const buffer = await this.#context.decodeAudioData(await answer.arrayBuffer());
    return { path, buffer, pause: PAUSES[name] ?? PAUSE, ...edges(buffer) };
  }

  async #play(clips, playbackRate = 1) {
    if (!clips.length) return [];
    const sources = [];
    const start = this.#context.currentTime;
    let at = start;
    for (const { buffer, from, length, pause } of clips) {
      at += playbackRate > 1 ? pause * SHORTER_PAUSE : pause;
      const source = new AudioBufferSourceNode(this.#context, { buffer, playbackRate });
      source.connect(this.#context.destination);
      source.start(at, from, length);
      sources.push(source);
      at += length / playbackRate;
    }
    await Promise.race([ended(sources.at(-1)), after((at - start) * 1000 + PATIENCE)]);
    for (const source of sources) source.stop(); // or what was held up would burst out later
    return clips.map((clip) => clip.path);
  }
}
