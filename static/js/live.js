// Keeps every [data-live] region current from a stream of server-sent events.
//
// Each "state" event is the whole fragment, so a missed one does not matter. A stream that says
// nothing for ten seconds (there is a ping every five) is dropped and opened again, for ever,
// with jitter. A region that has had its first state is [data-arrived]. <html data-stale> from 10 s
// without contact, <html data-lost> from 60 s.
const STALE_AFTER = 10_000;
const LOST_AFTER = 60_000;
const root = document.documentElement;

class LiveRegion {
  constructor(element) {
    this.element = element;
    this.lastId = "";
    this.seenAt = performance.now();
    this.failures = 0;
    this.open();
  }

  open() {
    const url = new URL(this.element.dataset.live, location.href);
    if (this.lastId) url.searchParams.set("last", this.lastId);
    this.source = new EventSource(url);
    this.openedAt = performance.now();
    this.source.addEventListener("state", (event) => this.show(event));
    this.source.addEventListener("ping", () => this.alive());
    this.source.addEventListener("error", () => {
      if (this.source.readyState === EventSource.CLOSED) this.reopenLater();
    });
  }

  alive() {
    this.seenAt = performance.now();
    this.failures = 0;
    update();
  }

  show(event) {
    this.lastId = event.lastEventId;
    this.element.toggleAttribute("data-arrived", true);
    if (!("liveNudge" in this.element.dataset)) this.element.innerHTML = event.data;
    this.alive();
    this.element.dispatchEvent(new CustomEvent("hall:live", { bubbles: true }));
  }

  reopenLater() {
    this.source.close();
    clearTimeout(this.timer);
    this.failures = Math.min(this.failures + 1, 4);
    const wait = 500 * 2 ** this.failures * (0.5 + Math.random());
    this.timer = setTimeout(() => this.open(), wait);
  }

  watch(now) {
    const quietSince = Math.max(this.seenAt, this.openedAt);
    if (this.source.readyState !== EventSource.CLOSED && now - quietSince > STALE_AFTER) {
      this.reopenLater();
    }
  }
}

const regions = [...document.querySelectorAll("[data-live]")].map((each) => new LiveRegion(each));

function update() {
  const quiet = Math.max(0, ...regions.map((each) => performance.now() - each.seenAt));
  root.toggleAttribute("data-stale", quiet > STALE_AFTER);
  root.toggleAttribute("data-lost", quiet > LOST_AFTER);
}

setInterval(() => {
  const now = performance.now();
  for (const region of regions) region.watch(now);
  update();
}, 1000);

// A page that is left must not hold its stream; one that comes back from the cache starts anew.
addEventListener("pagehide", () => regions.forEach((each) => each.source.close()));
addEventListener("pageshow", (event) => {
  if (event.persisted) regions.forEach((each) => each.open());
});
