// The ticket was taken: prints it if this machine does, and counts down to the next visitor.
const countdown = document.querySelector("[data-countdown]");
const more = document.querySelector("[data-more-time]");
const MORE = 60;
let endsAt = Date.now() + Number(countdown.dataset.countdown) * 1000;

function tick() {
  const left = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
  countdown.querySelector("[data-seconds]").textContent = left;
  if (left > 0) return;
  clearInterval(timer);
  document.querySelector("[data-restart]").click();
}

more.addEventListener("click", () => {
  endsAt = Date.now() + MORE * 1000;
  more.hidden = true;
  tick();
});

document.querySelector("[data-print-link]").addEventListener("click", (event) => {
  event.preventDefault();
  print();
});

countdown.hidden = more.hidden = false;
const timer = setInterval(tick, 250);
if (document.querySelector(".taken[data-print]")) addEventListener("load", () => print());
