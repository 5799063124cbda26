// A screen that waits for its place: shows its current code, and goes where it is sent.
//
// One that was taken out of use has nobody before it, so it asks for a new code by itself.
const ASK_EVERY = 3000;
const region = document.querySelector("[data-state]");
const shown = document.querySelector("[data-code]");

async function ask() {
  const limits = { cache: "no-store", signal: AbortSignal.timeout(ASK_EVERY) };
  let state;
  try {
    const answer = await fetch(region.dataset.state, limits);
    if (!answer.ok) return;
    state = await answer.json();
  } catch {
    return; // the server is away: the next time
  }
  if (state.place) location.replace(state.place);
  else if (!state.code) location.reload();
  else if (state.code !== shown.dataset.code) show(state.code);
}

function show(code) {
  shown.dataset.code = code;
  shown.textContent = `${code.slice(0, 3)} ${code.slice(3)}`;
}

if (shown) setInterval(ask, ASK_EVERY);
document.querySelector("form[data-begins]")?.submit();
