// Single keys press the buttons that carry them: data-key="n" is pressed by N.
//
// Not while something is typed, not with a modifier, not when held down. Who finds them in the
// way (speech input, a stiff hand) switches them off; the browser remembers it.
const REMEMBERED = "hall-single-keys";
const toggle = document.querySelector("[data-keys-switch]");
const box = toggle?.querySelector("input");

function isTyping(target) {
  return target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");
}

// An input method that is switched on hides the letter; the place of the key still tells.
function letter(event) {
  if (event.key.length === 1) return event.key.toLowerCase();
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
}

function press(event) {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if ((box && !box.checked) || isTyping(event.target) || event.target.closest?.("[data-choose]")) return;
  const key = letter(event);
  const button = key && document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") !== "true") button.click();
}

function show() {
  document.documentElement.toggleAttribute("data-no-keys", !box.checked);
}

if (box) {
  toggle.hidden = false;
  box.checked = localStorage.getItem(REMEMBERED) !== "off";
  box.addEventListener("change", () => {
    localStorage.setItem(REMEMBERED, box.checked ? "on" : "off");
    show();
  });
  show();
}
document.addEventListener("keydown", press);

// A button that is not possible now stays where it is, and does nothing.
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest?.("button[aria-disabled=true]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
