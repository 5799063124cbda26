// A paired board tells the hall which calls it has spoken, so that clerks know whom it has not.
import { token } from "./form-token.js";

const EVERY = 3000;
const PATIENCE = 8000;
const MOST = 100; // what one report may hold
const { spoken: address } = document.querySelector("[data-live]").dataset;
let untold = [];

async function report() {
  const ids = untold.slice(0, MOST);
  if (!ids.length) return;
  untold = untold.slice(ids.length);
  const body = new URLSearchParams(ids.map((id) => ["call", id]));
  const options = { method: "POST", body, headers: { "X-CSRFToken": token } };
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 429 || answer.status >= 500) throw new Error(`answer ${answer.status}`);
  } catch {
    untold = [...ids, ...untold].slice(-MOST); // the next time
  }
}

document.addEventListener("hall:spoken", ({ detail }) => {
  if (detail.isHeard) untold.push(detail.id);
});
if (address) setInterval(report, EVERY);
