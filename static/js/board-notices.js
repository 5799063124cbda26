// The notices along the bottom of the board.
//
// They run, slowly enough to be read, or with reduced motion stand still one after the other.
// They lie outside the live region, which brings only their text, so that no call disturbs them.
const CHARACTERS_A_SECOND = 5.5;
const AT_LEAST = 5000;
const FIRST_RESTS = 3000;
const PIECE = 150; // Latin characters that fit on the strip; a Chinese one takes two
const root = document.documentElement;
const strip = document.querySelector(".board-notices");
const list = strip.querySelector(".track");
const button = document.querySelector("[data-pause]");
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

let texts = textsOf(list);
let running;
let timer;

function textsOf(element) {
  return [...element.querySelectorAll("li")].map((item) => item.textContent.trim());
}

function items(lines) {
  return lines.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
}

function show() {
  running?.cancel();
  clearTimeout(timer);
  strip.querySelector(".again")?.remove();
  strip.hidden = !texts.length;
  strip.toggleAttribute("data-still", reduced.matches);
  if (!texts.length) return;
  if (reduced.matches) inTurn(texts.flatMap(pieces), 0);
  else run();
  if (paused()) running?.pause();
}

// --- running ---

function run() {
  list.replaceChildren(...items(texts));
  strip.classList.remove("runs");
  if (list.scrollWidth <= strip.clientWidth) return; // all of it can be seen
  strip.classList.add("runs");
  const again = list.cloneNode(true);
  again.classList.add("again");
  again.ariaHidden = "true";
  strip.append(again);
  const width = again.offsetLeft - list.offsetLeft;
  const narrowest = Math.min(...[...list.children].map(characterWidth));
  const frames = [{ translate: "0" }, { translate: `${-width}px` }];
  const duration = (width / (narrowest * CHARACTERS_A_SECOND)) * 1000;
  const timing = { duration, delay: FIRST_RESTS, iterations: Infinity };
  running = new Group([list, again].map((each) => each.animate(frames, timing)));
}

function characterWidth(item) {
  return item.getBoundingClientRect().width / item.textContent.length;
}

class Group {
  constructor(animations) { this.animations = animations; }
  cancel() { this.animations.forEach((each) => each.cancel()); }
  pause() { this.animations.forEach((each) => each.pause()); }
  play() { this.animations.forEach((each) => each.play()); }
}

// --- one after the other ---

function size(text) {
  return [...text].reduce((sum, character) => sum + (character > "\u2e7f" ? 2 : 1), 0);
}

/** A long notice in parts that fit, cut where a sentence or else a word ends. */
function pieces(text) {
  const words = text.match(/[^。！？；，]+?(?:[。！？；，]+|\s+|$)/gu) ?? [text];
  const parts = [""];
  for (const word of words) {
    if (parts.at(-1) && size(parts.at(-1) + word) > PIECE) parts.push("");
    parts[parts.length - 1] += word;
  }
  return parts.map((part) => part.trim());
}

function inTurn(parts, index) {
  const text = parts[index % parts.length];
  if (!paused()) list.replaceChildren(...items([text]));
  const wait = Math.max(AT_LEAST, (text.length / CHARACTERS_A_SECOND) * 1000 + 1500);
  timer = setTimeout(() => inTurn(parts, paused() ? index : index + 1), wait);
}

// --- pause ---

function paused() {
  return root.hasAttribute("data-paused");
}

button.hidden = false;
button.addEventListener("click", () => {
  root.toggleAttribute("data-paused");
  if (paused()) running?.pause();
  else running?.play();
});

document.querySelector("[data-live]").addEventListener("hall:live", (event) => {
  const source = event.target.querySelector(".notice-source");
  if (!source) return;
  const told = textsOf(source);
  if (JSON.stringify(told) === JSON.stringify(texts)) return;
  texts = told;
  show();
});

reduced.addEventListener("change", show);
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(show, 300);
});
show();
