// A list to choose from by typing: [data-choose] holds an input[data-find] and radio buttons.
//
// Typing leaves those that match and marks the first; Down goes into the list, where the arrows
// move as in any group of radio buttons and another letter goes back to the input. Enter sends.
const labels = (chooser) => [...chooser.querySelectorAll("label:has(input[type=radio])")];

function narrow(chooser, text) {
  const words = text.trim().toLowerCase().split(/\s+/);
  const all = labels(chooser);
  for (const label of all) {
    const name = label.textContent.toLowerCase();
    label.hidden = !words.every((word) => name.includes(word));
  }
  const first = all.find((label) => !label.hidden);
  for (const label of all) label.control.checked = Boolean(text) && label === first;
  chooser.querySelector("[data-none]").hidden = Boolean(first);
}

function prepare(root) {
  for (const find of root.querySelectorAll?.("[data-choose] [data-find]") ?? []) {
    if (!find.parentElement.hidden) continue; // in use: somebody may be typing beside it
    find.parentElement.hidden = false;
    find.focus();
  }
}

// While an input method is at work the letters are not yet words.
for (const type of ["input", "compositionend"]) {
  document.addEventListener(type, (event) => {
    const find = event.target.closest?.("[data-find]");
    if (find && !event.isComposing) narrow(find.closest("[data-choose]"), find.value);
  });
}

document.addEventListener("keydown", (event) => {
  const chooser = event.target.closest?.("[data-choose]");
  if (!chooser || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const find = chooser.querySelector("[data-find]");
  if (event.target === find && event.key === "ArrowDown") {
    event.preventDefault();
    const open = labels(chooser).filter((label) => !label.hidden);
    const next = open.find((label) => label.control.checked) ?? open[0];
    next?.control.focus();
    if (next) next.control.checked = true;
  } else if (event.target !== find && event.key.length === 1 && event.key !== " ") {
    find.focus(); // the letter is typed there
  }
});

document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
prepare(document);
