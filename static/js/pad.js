// The rating pad: sends a tap, thanks, and goes back to idle, without ever leaving its page.
//
// Forms and links work without it. With it their answers come in front of the live region
// ([data-part] of the answered page), which goes on beneath: a server that is away shows no error
// page of the browser, and a live update takes nothing from under the visitor's finger.
import { token } from "./form-token.js";
import { serverNow } from "./server-time.js";

const PATIENCE = 8000;
const LANGUAGE_FOR = 30_000;
const region = document.querySelector("[data-live]");
const front = document.querySelector("[data-front]");
const noAnswer = document.querySelector("[data-no-answer]");
const announcer = document.querySelector("[data-announce]");
const asked = () => region.querySelector("[data-visit]");
const over = new Set(); // visits that were rated here, or whose time is up
let answered = ""; // the visit that what is in front belongs to
let touchedAt = performance.now();
let isSending = false;

// --- in front ---

function open(part, visit) {
  answered = visit || answered;
  front.replaceChildren(part);
  region.inert = true;
  front.querySelector("[tabindex]")?.focus();
}

function close() {
  front.replaceChildren();
  region.inert = false;
}

/** Back to idle; reasons that were chosen count though nobody pressed the button. */
function leave() {
  const form = front.querySelector("form:has(:checked)");
  if (form && !isSending) answerTo(form.action, new FormData(form)).catch(() => {});
  close();
}

// --- sending ---

async function answerTo(address, body) {
  const options = body ? { method: "POST", body, headers: { "X-CSRFToken": token } } : {};
  const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status >= 500) throw new Error(`answer ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { answer, part: page.querySelector("[data-part]") };
}

async function send(address, body, visit = "") {
  if (isSending) return;
  isSending = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    const { answer, part } = await answerTo(address, body);
    noAnswer.hidden = true;
    if (answer.status === 403 && !part) location.reload(); // the page's token is old
    if (visit) over.add(visit);
    if (part) open(document.adoptNode(part), visit);
    else close();
  } catch {
    noAnswer.hidden = false;
  }
  isSending = false;
  document.body.removeAttribute("aria-busy");
  touchedAt = performance.now();
  refresh();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("[data-live], [data-front]")) return;
  event.preventDefault();
  if (form.closest("[data-front]") && !form.querySelector(":checked")) return leave();
  const visit = form.closest("[data-visit]")?.dataset.visit;
  send(form.action, new FormData(form, event.submitter), visit);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-front] [data-close]")) return;
  event.preventDefault();
  leave();
});

// --- what is asked, and for how long ---

/** Take the question away when it is over; tell a screen reader of a new one. */
function refresh() {
  const question = asked();
  if (!question) return;
  const { visit, since, until } = question.dataset;
  const [from, to, now] = [Date.parse(since), Date.parse(until), serverNow()];
  if (now >= to) over.add(visit);
  if (over.has(visit)) {
    question.remove();
    announcer.textContent = "";
    return;
  }
  const left = Math.min(1, (to - now) / (to - from));
  question.querySelector("[data-time]").style.transform = `scaleX(${left})`;
}

let announced = asked()?.dataset.visit;

region.addEventListener("hall:live", () => {
  refresh();
  const question = asked();
  if (!question || question.dataset.visit === announced) return;
  announced = question.dataset.visit;
  announcer.textContent = question.querySelector("h1").textContent;
  announcer.lang = question.lang;
  if (front.firstElementChild && announced !== answered) leave(); // the next visitor's turn
});

// --- nobody there any more ---

for (const kind of ["pointerdown", "keydown", "input"]) {
  addEventListener(kind, () => { touchedAt = performance.now(); }, { capture: true, passive: true });
}

let isGoingHome = false;

/** Forget the language that the last visitor chose; only a server that answers is asked for it. */
async function goHome() {
  if (isGoingHome) return;
  isGoingHome = true;
  try {
    if ((await fetch(region.dataset.home, { cache: "no-store" })).ok) location.replace(region.dataset.home);
  } catch { /* later */ }
  setTimeout(() => { isGoingHome = false; }, 5000);
}

setInterval(() => {
  refresh();
  const untouched = performance.now() - touchedAt;
  const part = front.firstElementChild;
  if (part && untouched > 1000 * Number(part.dataset.closeAfter) && !isSending) leave();
  if (!part && region.dataset.home && untouched > LANGUAGE_FOR) goHome();
  if (untouched > PATIENCE) noAnswer.hidden = true;
}, 250);

refresh();
