// The clock on the board: the server's time, in the branch's zone, whatever the device thinks.
import { serverNow } from "./server-time.js";

const language = document.documentElement.lang;
const timeZone = document.querySelector("[data-timezone]")?.dataset.timezone;
const formats = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  date: { month: "long", day: "numeric", weekday: "long" },
};

function formatter(options) {
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone });
  } catch {
    return null; // a zone that this browser does not know: the server's text stays
  }
}

const faces = [...document.querySelectorAll("[data-clock]")]
  .map((element) => ({ element, format: formatter(formats[element.dataset.clock]) }))
  .filter((face) => face.format);

function tick() {
  for (const { element, format } of faces) {
    const text = format.format(serverNow());
    if (element.textContent !== text) element.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
