// Has each call on the board spoken once while it is waited for: none twice, oldest first.
//
// The region carries data-voice-languages="zh,en" (empty: silent), data-voice-base if the clips
// are elsewhere, data-voice="browser" for the browser's own voices. Rows carry data-call-id,
// data-code, data-counter, data-called-at, and data-answered when nobody needs to hear it any more;
// the one being spoken gets data-speaking, one that is not spoken after all data-unspoken.
import { serverNow } from "./server-time.js";
import { Voice } from "./voice.js";

const CALL_IS_NEWS_FOR = 60_000; // for a board that has just been loaded
const SPOKEN_WITHIN = 180_000; // for a call that has waited for its turn
const KEY = "hall:spoken";
const REMEMBERED = 200;
const region = document.querySelector("[data-voice-languages]");
const button = document.querySelector("[data-enable-sound]");
const { voice: kind, voiceBase: base, voiceLanguages } = region.dataset;
const languages = voiceLanguages.split(",").map((each) => each.trim()).filter(Boolean);

// --- what was spoken, so that a board that is loaded again does not repeat it ---

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function keep(ids) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ids.slice(-REMEMBERED)));
  } catch {
    // A browser that keeps nothing may repeat a call after it is loaded again.
  }
}

const met = new Set(recall());

// --- the calls ---

const unspoken = new Set();
let speaking = null;

function rows() {
  return [...region.querySelectorAll("[data-call-id]")];
}

function isYoung(calledAt, limit) {
  return serverNow() - calledAt < limit;
}

/** The calls that somebody waits for. */
function calls() {
  return rows()
    .filter((row) => !("answered" in row.dataset))
    .map(({ dataset: { callId, code, counter, calledAt } }) => (
      { id: callId, code, counter, at: Date.parse(calledAt) }))
    .sort((one, other) => one.at - other.at);
}

function mark() {
  const here = new Set(rows().map((row) => row.dataset.callId));
  for (const id of unspoken) if (!here.has(id)) unspoken.delete(id);
  for (const row of rows()) {
    const { callId, answered, announced } = row.dataset;
    row.toggleAttribute("data-speaking", callId === speaking);
    const isMissed = unspoken.has(callId) && answered === undefined && announced === undefined;
    row.toggleAttribute("data-unspoken", isMissed);
  }
}

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

function miss(id) {
  unspoken.add(id);
  keep(recall().filter((each) => each !== id));
  mark();
}

function begin({ id, at }) {
  if (!calls().some((call) => call.id === id)) return false; // they came, or are called no more
  if (!isYoung(at, SPOKEN_WITHIN)) return false;
  keep([...recall(), id]);
  speaking = id;
  mark();
  tell("hall:speaking", { id });
  return true;
}

/** A chime alone tells nobody that it was for them. */
function areWords(clips) {
  return clips.some((clip) => !clip.startsWith("common/"));
}

async function announce(voice, call) {
  const { id, code, counter } = call;
  const clips = await voice.say(languages, code, counter, () => begin(call)).catch(() => []);
  if (!areWords(clips)) miss(id);
  if (speaking !== id) return;
  speaking = null;
  mark();
  tell("hall:spoken", { id, clips, isHeard: areWords(clips) });
}

function listen(voice) {
  for (const call of calls()) {
    if (met.has(call.id)) continue;
    met.add(call.id);
    if (voice && isYoung(call.at, CALL_IS_NEWS_FOR)) announce(voice, call);
    else miss(call.id);
  }
  mark(); // the rows may be new ones
}

const voice = languages.length ? new Voice({ base, browser: kind === "browser" }) : null;
if (voice && button) {
  voice.addEventListener("change", () => { button.hidden = !voice.needsGesture; });
  button.addEventListener("click", () => voice.enable());
}
region.addEventListener("hall:live", () => listen(voice));
listen(voice);
