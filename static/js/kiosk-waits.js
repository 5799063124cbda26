// Writes fresh figures beside the services. Only their text changes: a button under a finger stays.
const source = document.querySelector("[data-live]");

source.addEventListener("hall:live", () => {
  for (const fresh of source.querySelectorAll("[data-waits-of]")) {
    const shown = document.querySelector(`[data-waits="${fresh.dataset.waitsOf}"]`);
    if (!shown) continue;
    if (shown.innerHTML !== fresh.innerHTML) shown.innerHTML = fresh.innerHTML;
    const button = shown.closest("button");
    if (!button.hasAttribute("aria-busy")) button.disabled = "shut" in fresh.dataset;
  }
});
