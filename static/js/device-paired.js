// A paired screen says now and then that it is there, and leaves when it was taken out of use.
const ASK_EVERY = 20_000;
const { state, pairing } = document.querySelector("script[data-pairing]").dataset;

async function ask() {
  try {
    const answer = await fetch(state, { cache: "no-store", signal: AbortSignal.timeout(ASK_EVERY) });
    if (answer.ok && (await answer.json()).revoked) location.replace(pairing);
  } catch {
    // The server is away: the next time.
  }
}

setInterval(ask, ASK_EVERY * (0.9 + 0.2 * Math.random()));
ask();
