// Nobody there any more: asks, counts down, and goes back to the start for the next visitor.
//
// The first step in its own language has nothing to reset; it is only fetched anew now and then.
const ask = document.getElementById("still-there");
const restart = document.querySelector("[data-restart]");
const REFRESH_AFTER = 300;
let touchedAt = Date.now();

function seconds() {
  return Math.floor((Date.now() - touchedAt) / 1000);
}

function stay() {
  touchedAt = Date.now();
  if (ask.open) ask.close();
}

function leave() {
  stay();
  restart.click();
}

function tick() {
  if ("fresh" in ask.dataset) {
    if (seconds() >= REFRESH_AFTER) leave();
    return;
  }
  const left = Number(ask.dataset.idle) + Number(ask.dataset.grace) - seconds();
  if (left > Number(ask.dataset.grace) || document.querySelector("[data-countdown]")) return;
  if (left <= 0) {
    leave();
    return;
  }
  ask.querySelector("[data-seconds]").textContent = left;
  if (!ask.open) ask.showModal();
}

if (ask && restart) {
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => ask.open || stay(), { capture: true, passive: true });
  }
  ask.addEventListener("close", stay);
  ask.querySelector("[data-stay]").addEventListener("click", stay);
  ask.querySelector("[data-leave]").addEventListener("click", leave);
  setInterval(tick, 500);
}
