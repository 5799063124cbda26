// The server's clock, for screens whose own may be wrong.
//
// It runs from the moment that the page was answered ([data-now]) on the browser's monotonic
// clock, so that a device which corrects its own clock after starting does not move ours.
const told = document.querySelector("[data-now]")?.dataset.now;
const [navigation] = performance.getEntriesByType("navigation");

let base = Date.parse(told) || Date.now();
let baseAt = navigation?.responseStart || performance.now();

export function serverNow() {
  return base + performance.now() - baseAt;
}

/** Take a newer answer's time; both are in milliseconds. */
export function correct(time, answeredAt) {
  base = time;
  baseAt = answeredAt;
}
