// Fetches the parts of a page that follow the hall, a moment after a change was announced.
//
// Parts say hx-trigger="hall:refresh from:body". The stream's first announcement counts, too: the
// hall may have changed while the page was on its way.
const SOON = () => 100 + Math.random() * 700;
let timer = 0;

document.addEventListener("hall:live", () => {
  clearTimeout(timer);
  timer = setTimeout(() => document.body.dispatchEvent(new CustomEvent("hall:refresh")), SOON());
});

// What is exchanged under the keyboard keeps its place: the same element has the focus again.
let focused = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  focused = event.detail.target.contains(document.activeElement) ? document.activeElement.id : "";
});
document.addEventListener("htmx:afterSettle", () => {
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  focused = "";
});
