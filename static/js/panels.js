// Refreshes single panels of the supervisor's page when the hall says that they changed.
//
// The one stream (a hidden [data-live] region) carries a mark for each panel; one that differs
// from the panel's own has it fetched, at most once a second, and never under a pressed button
// of the mouse. What the reader opened (<details>) stays open.
const AT_MOST_EVERY = 1000;
const panels = [...document.querySelectorAll("[data-panel]")];
const fetchedAt = new Map();
const waiting = new Map();
let isPressed = false;

addEventListener("pointerdown", () => (isPressed = true), true);
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, () => setTimeout(() => (isPressed = false)), true);
}

function fetchPanel(panel, mark) {
  waiting.delete(panel);
  if (isPressed) return later(panel, mark, 300);
  fetchedAt.set(panel, performance.now());
  panel.dataset.rev = mark;
  panel.dispatchEvent(new CustomEvent("hall:refresh"));
}

function later(panel, mark, wait) {
  clearTimeout(waiting.get(panel));
  waiting.set(panel, setTimeout(() => fetchPanel(panel, mark), wait));
}

document.addEventListener("hall:live", (event) => {
  for (const panel of panels) {
    const mark = event.target.querySelector(`[data-of="${panel.dataset.panel}"]`)?.dataset.rev;
    if (!mark || mark === panel.dataset.rev) continue;
    const since = performance.now() - (fetchedAt.get(panel) ?? -Infinity);
    later(panel, mark, Math.max(Math.random() * 200, AT_MOST_EVERY - since));
  }
});

// What the reader opened stays open in the fresh panel.
document.addEventListener("htmx:beforeSwap", (event) => {
  const open = [...event.target.querySelectorAll("details[open]")].map((each) => each.id);
  event.target.dataset.open = open.join(" ");
});
document.addEventListener("htmx:afterSwap", (event) => {
  for (const id of (event.target.dataset.open ?? "").split(" ").filter(Boolean)) {
    document.getElementById(id)?.setAttribute("open", "");
  }
});
