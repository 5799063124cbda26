// Which calls are shown while there are more than have room: each in its turn.
//
// They are no pages of a list. With a call a second a list moves down once a second, and who stands
// where a page ends might never be seen: so at each turn those are shown who were seen longest ago.
const SEEN_FOR = 2500; // at least, before a call makes room
const ROUND = 12_000; // in which all have been seen: fifteen seconds, less what a slow machine takes
const TURN = { least: 2700, most: 5000 };
const root = document.documentElement;

/** Hides the rows that have to wait; `onTurn` is called when others are shown. */
export class Turns {
  #rows;
  #onTurn;
  #seen = new Map(); // a call's id: since when it is shown, and until when it was
  #turnedAt = performance.now();
  #urgent = "";

  /** `rows` finds those that are in the page now. */
  constructor(rows, onTurn) {
    this.#rows = rows;
    this.#onTurn = onTurn;
    setInterval(() => this.#tick(), 100);
    new MutationObserver(() => this.settle()).observe(root, { attributeFilter: ["data-paused"] });
    this.settle();
  }

  /** A call that has to be seen now, for it is being spoken. */
  show(id) {
    this.#urgent = id;
    this.settle();
  }

  /** After the rows changed: whoever is new comes at once, in place of one that was seen. */
  settle() {
    const rows = this.#rows();
    const now = performance.now();
    const ids = new Set(rows.map((row) => row.dataset.callId));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    const { room, inTurn } = this.#list(rows);
    if (root.hasAttribute("data-paused")) {
      for (const row of rows) this.#note(row, true, now);
      return;
    }
    // What is new, or being spoken, is added while there is room: nobody makes way before their time.
    const isHere = ({ dataset: { callId } }) => (
      callId === this.#urgent || this.#seen.get(callId)?.since !== null);
    const here = rows.filter(isHere).length;
    this.#choose(rows, Math.min(room, Math.max(inTurn, here)), now, (seen) => (
      seen.since === null ? Infinity : -seen.since));
  }

  #tick() {
    const rows = this.#rows();
    const { pages, inTurn } = this.#list(rows);
    const now = performance.now();
    const length = Math.min(TURN.most, Math.max(TURN.least, ROUND / pages));
    if (pages < 2 || root.hasAttribute("data-paused") || now - this.#turnedAt < length) return;
    this.#turnedAt = now;
    this.#choose(rows, inTurn, now, (seen) => (
      seen.since === null ? seen.until : now));
    this.#onTurn();
  }

  /** The first by who must be seen still, who never was, and then by `order`. */
  #choose(rows, room, now, order) {
    const key = (row) => {
      const id = row.dataset.callId;
      const seen = this.#seen.get(id);
      if (id === this.#urgent) return -Infinity;
      if (!seen) return -Number.MAX_VALUE / 2;
      if (seen.since !== null && now - seen.since < SEEN_FOR) return -Number.MAX_VALUE;
      return order(seen);
    };
    const shown = new Set(
      rows.map((row) => [key(row), row])
        .sort(([one], [other]) => (one === other ? 0 : one - other))
        .slice(0, room)
        .map(([, row]) => row),
    );
    for (const row of rows) this.#note(row, shown.has(row), now);
  }

  #note(row, isShown, now) {
    row.classList.toggle("later", !isShown);
    const seen = this.#seen.get(row.dataset.callId);
    if (isShown && (seen?.since ?? null) === null) {
      this.#seen.set(row.dataset.callId, { since: now, until: seen?.until ?? 0 });
    } else if (!isShown && seen && seen.since !== null) {
      // Whoever had to make way too soon was not seen: their turn comes before that of the others.
      const until = now - seen.since < SEEN_FOR ? seen.until : now;
      this.#seen.set(row.dataset.callId, { since: null, until });
    }
  }

  #list(rows) {
    const { room = Infinity, pages = 1 } = rows[0]?.parentElement.dataset ?? {};
    return { room: Number(room), pages: Number(pages), inTurn: Math.ceil(rows.length / pages) };
  }
}
