// Follows a link or sends a form only once the server answers, and only once.
//
// An unattended screen must never end on the browser's own error page: while the server is away
// a sentence says so, and the step is taken as soon as it is back.
const away = document.getElementById("away");
const TRY_EVERY = 3000;
let busy = false;
let timer = 0;

async function serverAnswers() {
  try {
    const options = { cache: "no-store", signal: AbortSignal.timeout(5000) };
    return (await fetch(away.dataset.alive, options)).ok;
  } catch {
    return false;
  }
}

async function attempt(step) {
  if (await serverAnswers()) {
    step();
    return;
  }
  if (!busy) return;
  if (!away.open) away.showModal();
  timer = setTimeout(() => attempt(step), TRY_EVERY);
}

function once(element, step) {
  if (busy) return;
  busy = true;
  element.setAttribute("aria-busy", "true");
  attempt(step);
}

function giveUp() {
  clearTimeout(timer);
  busy = false;
  for (const each of document.querySelectorAll("[aria-busy]")) each.removeAttribute("aria-busy");
}

function send(form, button) {
  if (button?.name) {
    const chosen = document.createElement("input");
    Object.assign(chosen, { type: "hidden", name: button.name, value: button.value });
    form.append(chosen);
  }
  form.submit();
  button?.setAttribute("disabled", "");
}

if (away) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]:not([data-print-link])");
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    once(link, () => location.assign(link.href));
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    once(event.submitter ?? event.target, () => send(event.target, event.submitter));
  });
  away.addEventListener("close", giveUp);
  away.querySelector("[data-give-up]").addEventListener("click", () => away.close());
}

// A page that comes back from the browser's memory would give the last visitor's ticket again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
