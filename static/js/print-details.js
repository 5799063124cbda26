// On paper nothing is folded away: details open for printing, and fold again as they were.
const opened = new Set();

addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) {
    each.open = true;
    opened.add(each);
  }
});

addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
  opened.clear();
});
