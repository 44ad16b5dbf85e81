/**
 * The person's seat, as this browser remembers it: that of this tab, taken again when the page is loaded again, and the
 * last one of all tabs, offered when a tab was closed. Never the token: it is minted again for whoever owns the seat.
 *
 * @typedef {object} Seat
 * @property {string} room
 * @property {string} scenario   scene id
 * @property {string} identity   asked for again: the room server then puts out whoever sits there
 * @property {boolean} voice     whether the microphone was open
 * @property {number} at_ms      when the person first took it, in Unix time
 */
const SEAT = "repartee.seat";
/** No scene lasts that long: an older seat is not asked about. */
const OLDEST_MS = 24 * 3_600_000;

/** Sit down: this tab has the seat from now on. @param {Seat} seat */
export function keepSeat(seat) {
  const kept = JSON.stringify({ ...seat, taking: Math.random() });
  sessionStorage.setItem(SEAT, kept);
  localStorage.setItem(SEAT, kept);
}

/** The seat that this tab had when its page was left, unless another tab has taken it since. */
export function ownSeat() {
  const kept = sessionStorage.getItem(SEAT);
  const own = seatIn(kept);
  return lastSeat()?.room === own?.room && localStorage.getItem(SEAT) !== kept ? null : own;
}

/** The last seat that any tab of this browser took. */
export function lastSeat() {
  return seatIn(localStorage.getItem(SEAT));
}

/** This tab has no seat any more; the browser still knows of it. */
export function standUp() {
  sessionStorage.removeItem(SEAT);
}

/** The scene in that room is over, or nobody's here: no tab comes back to it. @param {string} room */
export function forgetSeat(room) {
  for (const store of [sessionStorage, localStorage]) {
    if (seatIn(store.getItem(SEAT))?.room === room) store.removeItem(SEAT);
  }
}

/** Hear of each seat that another tab takes. @param {(seat: Seat) => void} taken */
export function watchSeats(taken) {
  addEventListener("storage", ({ key, newValue, storageArea }) => {
    const seat = key === SEAT && storageArea === localStorage ? seatIn(newValue) : null;
    if (seat) taken(seat);
  });
}

/** @param {string | null} kept @returns {Seat | null} */
export function seatIn(kept, now_ms = Date.now()) {
  try {
    const { room, scenario, identity, voice, at_ms } = JSON.parse(kept ?? "null") ?? {};
    const whole = [room, scenario, identity].every((one) => typeof one === "string" && one !== "");
    const young = typeof at_ms === "number" && Math.abs(now_ms - at_ms) < OLDEST_MS;
    return whole && young ? { room, scenario, identity, voice: voice === true, at_ms } : null;
  } catch {
    return null;
  }
}
