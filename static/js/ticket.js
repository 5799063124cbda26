// The visitor's page on a phone: when the state changes, everything about the page says so.
const region = document.querySelector("[data-live]");
const notice = document.querySelector("[data-as-of]");
const root = document.documentElement;
const STALE_AFTER = 10_000; // live.js sets data-stale this long after the last contact
const CALL = [400, 150, 400, 150, 800];
let before = region.querySelector("[data-ticket]").dataset;

function isNewCall(now) {
  return now.state === "called" && (before.state !== "called" || before.calls !== now.calls);
}

function show() {
  const now = region.querySelector("[data-ticket]").dataset;
  document.title = now.title;
  document.body.classList.remove(`is-${before.state}`);
  document.body.classList.add(`is-${now.state}`);
  if (isNewCall(now)) {
    navigator.vibrate?.(CALL);
    scrollTo({ top: 0 });
  }
  before = now;
}

function tellAge() {
  const isOld = root.hasAttribute("data-stale");
  if (isOld && notice.hidden) {
    const seen = new Date(Date.now() - STALE_AFTER);
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    notice.querySelector("time").textContent = seen.toLocaleTimeString(root.lang, options);
  }
  notice.hidden = !isOld;
}

document.title = before.title;
region.addEventListener("hall:live", show);
new MutationObserver(tellAge).observe(root, { attributeFilter: ["data-stale"] });
