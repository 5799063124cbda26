// Follows a link or sends a form only once the server answers, and only once.
//
// An unattended screen must never end on the browser's own error page, or on the server's: while
// the server is away a sentence says so, and the step is taken as soon as it is back. A form that
// takes a ticket is sent ahead as its own trial: the same request gives the same ticket.
const away = document.getElementById("away");
const TRY_EVERY = 3000;
const PATIENCE = 5000;
let current = null; // the step that is being taken: {element, form, go}
let timer = 0;

function trial(form) {
  if (!form?.hasAttribute("data-once")) return [away.dataset.alive, {}];
  return [form.action, { method: "POST", body: new FormData(form), redirect: "manual" }];
}

async function serverAnswers(form) {
  const [address, options] = trial(form);
  const limits = { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
  try {
    return (await fetch(address, { ...options, ...limits })).status < 500;
  } catch {
    return false;
  }
}

async function attempt(step) {
  const answers = await serverAnswers(step.form);
  if (step !== current) return;
  if (answers) {
    step.go();
    return;
  }
  if (!away.open) away.showModal();
  timer = setTimeout(() => attempt(step), TRY_EVERY);
}

function once(step) {
  if (current && !("restart" in step.element.dataset)) return;
  giveUp();
  current = step;
  step.element.setAttribute("aria-busy", "true");
  attempt(step);
}

function giveUp() {
  clearTimeout(timer);
  current?.element.removeAttribute("aria-busy");
  current = null;
}

function send(form, button) {
  if (button?.name) {
    const chosen = document.createElement("input");
    Object.assign(chosen, { type: "hidden", name: button.name, value: button.value });
    form.append(chosen);
  }
  form.submit();
  if (button) button.disabled = true;
}

if (away) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]:not([data-print-link], .skip)");
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    once({ element: link, go: () => location.assign(link.href) });
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const [form, button] = [event.target, event.submitter];
    once({ element: button ?? form, form, go: () => send(form, button) });
  });
  away.addEventListener("cancel", giveUp);
  away.querySelector("[data-give-up]").addEventListener("click", () => {
    giveUp();
    away.close();
  });
}

// A page that comes back from the browser's memory would give the last visitor's ticket again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
