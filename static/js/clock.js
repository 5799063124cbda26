// Keeps every [data-clock][data-since] counting, by the server's clock.
//
// data-clock="span" shows 4:05 or 1:04:05, "minutes" the minutes that are over,
// both by the rules of hall/formats.py: the text must not jump when the script takes over. A
// fragment that arrives with a new data-now (the server's time when it was made) sets the clock
// right again.
import { correct, serverNow } from "./server-time.js";

const two = (number) => String(number).padStart(2, "0");

function span(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), two(seconds % 60)];
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

const shapes = {
  span: (seconds) => span(Math.round(seconds)),
  minutes: (seconds) => String(Math.floor(seconds / 60)),
};
const told = () => document.querySelector("[data-now]")?.dataset.now;
let last = told();

function tick() {
  const now = serverNow();
  for (const clock of document.querySelectorAll("[data-clock][data-since]")) {
    const seconds = Math.max(0, (now - Date.parse(clock.dataset.since)) / 1000);
    const text = shapes[clock.dataset.clock](seconds);
    if (clock.textContent !== text) clock.textContent = text;
  }
}

document.addEventListener("htmx:afterSettle", () => {
  const newest = told();
  if (newest && newest !== last) correct(Date.parse(newest), performance.now());
  last = newest;
  tick();
});

tick();
setInterval(tick, 250);
