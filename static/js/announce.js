// Has each call on the board spoken once: none twice, none older than a minute, oldest first.
//
// The region carries data-voice-languages="zh,en" (empty: silent), data-voice-base if the clips
// are elsewhere, data-voice="browser" for the browser's own voices. Rows carry data-call-id,
// data-code, data-counter, data-called-at; the one being spoken gets data-speaking.
import { serverNow } from "./server-time.js";
import { Voice } from "./voice.js";

const CALL_IS_NEWS_FOR = 60_000;
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

function remember(id) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...recall(), id].slice(-REMEMBERED)));
  } catch {
    // A browser that keeps nothing may repeat a call after it is loaded again.
  }
}

const met = new Set(recall());

// --- the calls ---

let speaking = null;

function isNews(calledAt) {
  return serverNow() - calledAt < CALL_IS_NEWS_FOR;
}

function calls() {
  return [...region.querySelectorAll("[data-call-id]")]
    .map(({ dataset: { callId, code, counter, calledAt } }) => (
      { id: callId, code, counter, at: Date.parse(calledAt) }))
    .sort((one, other) => one.at - other.at);
}

function mark(id) {
  speaking = id;
  for (const row of region.querySelectorAll("[data-call-id]")) {
    row.toggleAttribute("data-speaking", row.dataset.callId === speaking);
  }
}

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

function begin({ id, at }) {
  if (!isNews(at)) return false; // others took too long; the board still shows it
  remember(id);
  mark(id);
  tell("hall:speaking", { id });
  return true;
}

async function announce(voice, call) {
  met.add(call.id);
  const { code, counter } = call;
  const clips = await voice.say(languages, code, counter, () => begin(call)).catch(() => []);
  if (speaking !== call.id) return;
  mark(null);
  tell("hall:spoken", { id: call.id, clips });
}

function listen(voice) {
  mark(speaking); // the rows may be new ones
  for (const call of calls()) if (!met.has(call.id) && isNews(call.at)) announce(voice, call);
}

if (languages.length) {
  const voice = new Voice({ base, browser: kind === "browser" });
  if (button) {
    voice.addEventListener("change", () => { button.hidden = !voice.needsGesture; });
    button.addEventListener("click", () => voice.enable());
  }
  region.addEventListener("hall:live", () => listen(voice));
  listen(voice);
}
