// Keeps the desk current without getting in the clerk's way.
//
// A change in the hall (hall:live) is fetched within a second, each desk at a moment of its own,
// and later while the pointer rests on the line, so that no other visitor slips under the click.
const SOON = () => 100 + Math.random() * 700;
const AT_MOST_HELD = 5_000;
const seen = () => document.getElementById("seen")?.value;
const isPressing = () => document.querySelector("#desk form.htmx-request") !== null;
let timer = 0;
let asked = 0;

function refresh() {
  timer = 0;
  if (seen() === undefined) return; // displaced: somebody else sits here now
  const isAiming = document.querySelector("#line button:is(:hover, :focus-visible)");
  if ((isAiming || isPressing()) && performance.now() - asked < AT_MOST_HELD) {
    timer = setTimeout(refresh, 500);
    return;
  }
  document.body.dispatchEvent(new CustomEvent("hall:refresh"));
}

function refreshSoon(askedAt) {
  asked = timer ? Math.min(asked, askedAt) : askedAt;
  timer ||= setTimeout(refresh, SOON());
}

// A press is answered with the visitor alone; the line follows, even while the stream is away.
document.addEventListener("hall:live", () => refreshSoon(performance.now()));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.verb === "post") refreshSoon(-Infinity);
});

// What was asked before the last press tells of a desk that is gone; and while a press is under
// way its form must stay in the page, or htmx loses the place of the answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig } = event.detail;
  if (requestConfig.elt.id !== "pulse") return;
  if (requestConfig.parameters.seen !== seen() || isPressing()) event.detail.shouldSwap = false;
});

// The panel: Escape closes it and goes back to its button.
function close(panel) {
  if (isPressing()) return;
  const opener = document.getElementById(panel.querySelector("[data-panel]")?.dataset.panel);
  panel.replaceChildren();
  opener?.focus();
}

document.addEventListener("keydown", (event) => {
  const panel = document.getElementById("panel");
  if (event.key !== "Escape" || event.isComposing || !panel?.firstElementChild) return;
  event.preventDefault();
  close(panel);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#panel [data-close]")) return;
  event.preventDefault();
  close(document.getElementById("panel"));
});

// A desk that became another's is emptied (staff/whose/part.html); a note begun in it is kept.
let written = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  // The desk is emptied once, though two may have asked; a press under way brings the answer itself.
  const isAsked = event.detail.requestConfig.elt.id === "ask";
  if (seen() === undefined || (isAsked && isPressing())) event.detail.shouldSwap = false;
  else written = document.getElementById("reason")?.value ?? "";
});
document.addEventListener("htmx:afterSettle", () => {
  const kept = document.getElementById("kept");
  if (!kept || !written || document.getElementById("written-1")) return;
  kept.hidden = false;
  kept.querySelector("textarea").value = written;
});

// An answer that does not come, or is none, must be seen.
function sayNoAnswer(isMissing) {
  const sentence = document.getElementById("no-answer");
  if (sentence) sentence.hidden = !isMissing;
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr?.status === 403) location.assign("/counter/"); // the form's cookie is old
  if (!["pulse", "ask"].includes(event.detail.elt.id)) sayNoAnswer(!event.detail.successful);
});

// A screen reader is told who is there now from one place that stays.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "now" || event.target.querySelector("[role=alert]")) return;
  const parts = ["h2", ".tags .status"].map((each) => event.target.querySelector(each)?.innerText);
  document.getElementById("announcer").textContent = parts.filter(Boolean).join(" ");
});

// Leaving by a link or a form of the page is asked about by the server, closing the window here.
let isOurs = false;
const note = (event) => (isOurs = !event.defaultPrevented && Boolean(event.target.closest?.("a[href], form")));
document.addEventListener("submit", note);
document.addEventListener("click", (event) => event.target.closest?.("a[href]") && note(event));
addEventListener("beforeunload", (event) => {
  const state = document.getElementById("now")?.dataset.state;
  if (!isOurs && (state === "called" || state === "serving")) event.preventDefault();
});
