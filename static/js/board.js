// What the board does when its figures change: a new call rings in, the pages of lines take turns.
import { Turns } from "./call-turns.js";
import { serverNow } from "./server-time.js";

const RING_FOR = 2400; // as long as the animation in board.css
const CALL_IS_NEWS_FOR = 60_000;
const PAGE_FOR = 10_000;
const AWAKE_FOR = 4000;
const root = document.documentElement;
const region = document.querySelector("[data-live]");
const newest = document.querySelector("[data-newest]");

// --- calls: each id rings in once, also when the region is swapped in the middle of it ---

const seenAt = new Map();

function rows() {
  return [...region.querySelectorAll("[data-call-id]")];
}

function isNews(row) {
  return serverNow() - Date.parse(row.dataset.calledAt) < CALL_IS_NEWS_FOR;
}

function ringIn() {
  const shown = rows().filter((row) => !row.classList.contains("later"));
  const now = performance.now();
  for (const row of shown) {
    const id = row.dataset.callId;
    if (!seenAt.has(id)) seenAt.set(id, isNews(row) ? now : -Infinity);
    const passed = now - seenAt.get(id);
    if (passed >= RING_FOR) continue;
    row.classList.add("rings");
    for (const animation of row.getAnimations()) animation.currentTime = passed;
    if (passed === 0 && row === shown[0]) newest.textContent = row.innerText;
  }
  const ids = new Set(rows().map((row) => row.dataset.callId));
  for (const id of seenAt.keys()) if (!ids.has(id)) seenAt.delete(id);
}

// --- lines: one page at a time ---

let page = 0;

function showPage() {
  const pages = [...region.querySelectorAll(".lines-page")];
  if (!pages.length) return;
  page %= pages.length;
  pages.forEach((each, index) => { each.hidden = index !== page; });
  region.querySelectorAll(".dots span").forEach((dot, index) => {
    dot.classList.toggle("now", index === page);
  });
}

setInterval(() => {
  if (root.hasAttribute("data-paused")) return;
  page += 1;
  showPage();
}, PAGE_FOR);

// --- the pointer and the few controls show themselves only while somebody moves the mouse ---

let asleep;
addEventListener("pointermove", () => {
  root.setAttribute("data-awake", "");
  clearTimeout(asleep);
  asleep = setTimeout(() => root.removeAttribute("data-awake"), AWAKE_FOR);
});

for (const row of rows()) seenAt.set(row.dataset.callId, -Infinity);
const turns = new Turns(rows, ringIn);
document.addEventListener("hall:speaking", ({ detail }) => turns.show(detail.id));
region.addEventListener("hall:live", () => {
  turns.settle();
  ringIn();
  showPage();
});
