// Keeps a screen that nobody attends young, without ever throwing away a page that works.
//
// live.js brings the figures back by itself. What it cannot mend is the page: a stylesheet that
// did not arrive, or a new version of Hall. So the page is asked for again, and loaded anew only
// if the server has just answered with it, whole.
import { correct, serverNow } from "./server-time.js";

const CHECK_EVERY = 3_600_000;
const WHOLE_WITHIN = 60_000;
const OLD_AFTER = 20 * 3_600_000;
const NIGHT_ENDS = 5;
const root = document.documentElement;
const region = document.querySelector("[data-live]");
const ASSETS = "link[rel=stylesheet], script[src]";

/** The page as the server has it now; null if it does not answer with one. */
async function freshPage() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return null;
    const told = Date.parse(answer.headers.get("Date"));
    if (told) correct(told + 500, performance.now()); // the header is cut to the second
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-live]") ? page : null;
  } catch {
    return null;
  }
}

/** The page's styles and scripts; their names change with every version that is collected. */
function assets(page) {
  return [...page.querySelectorAll(ASSETS)]
    .map((each) => each.getAttribute("href") ?? each.getAttribute("src"))
    .join();
}

function isWhole() {
  const styles = [...document.querySelectorAll("link[rel=stylesheet]")];
  return region.hasAttribute("data-arrived") && styles.every((each) => each.sheet);
}

function isOld() {
  if (performance.now() < OLD_AFTER) return false;
  const { timezone: timeZone } = region.dataset;
  const format = new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone });
  return Number(format.format(serverNow())) < NIGHT_ENDS;
}

let isChecking = false;

async function check() {
  if (isChecking) return;
  isChecking = true;
  const page = await freshPage();
  isChecking = false;
  if (page && (!isWhole() || isOld() || assets(page) !== assets(document))) location.reload();
}

setInterval(() => { if (!isWhole()) check(); }, WHOLE_WITHIN);
setInterval(check, CHECK_EVERY * (0.9 + 0.2 * Math.random()));

// A server that was away may have come back as a new version.
new MutationObserver(() => {
  if (!root.hasAttribute("data-stale")) setTimeout(check, 10_000 * Math.random());
}).observe(root, { attributeFilter: ["data-stale"] });
