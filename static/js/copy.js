// A button [data-copy="id"] copies the text of that element, and says so.
async function copied(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent.trim());
    return true;
  }
  getSelection().selectAllChildren(element); // a hall's own network is often plain http
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const row = button.closest("[data-copy-row]");
  row.hidden = false;
  button.addEventListener("click", async () => {
    const isDone = await copied(document.getElementById(button.dataset.copy)).catch(() => false);
    row.querySelector("[data-copied]").hidden = !isDone;
  });
}
