/**
 * What a character looks like on the page: initials and a hue, always the same for the same scene
 * and place in its cast. Pure.
 */

/** Degrees of the OKLCH circle, far enough apart for six people. */
const HUES = [35, 85, 155, 215, 275, 340];
const PARTICLES = new Set(["de", "du", "des", "la", "le", "van", "von", "of", "the"]);

/** At most two letters, from the first and the last word that count. */
export function initials(/** @type {string} */ name) {
  const words = name.split(/[\s\-’']+/u).filter((word) => word && !PARTICLES.has(word.toLowerCase()));
  const kept = words.filter((word) => !/^\p{L}+\.$/u.test(word));
  const [first = "?", ...rest] = kept.length ? kept : words;
  return [first, rest.at(-1) ?? ""].map((word) => [...word][0] ?? "").join("").toUpperCase();
}

/** A hue for each member of a cast, in its order. */
export function hueOf(/** @type {string} */ scenario, /** @type {number} */ place) {
  return HUES[(turnOf(scenario) + place) % HUES.length];
}

/** A character's place for its hue: that in the scene's cast, and behind it whoever comes in late. */
export function placeOf(/** @type {readonly {id: string}[]} */ cast, /** @type {readonly {id: string}[]} */ roster, /** @type {string} */ id) {
  const known = cast.findIndex((one) => one.id === id);
  if (known >= 0) return known;
  const late = roster.filter((one) => cast.every((other) => other.id !== one.id)).findIndex((one) => one.id === id);
  return late < 0 ? -1 : cast.length + late;
}

/** The hue of a scene's poster, by its place in the list. */
export function posterHue(/** @type {number} */ place) {
  return HUES[(place * 2 + 3 + Math.floor(place / 3)) % HUES.length];
}

function turnOf(/** @type {string} */ text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) % 9973;
  return sum % HUES.length;
}

/** 75 -> "1:15"; an hour and more: "1:02:03". */
export function clockText(/** @type {number} */ seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts;
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** "chiffre_des-12" -> "Chiffre des 12": an id that has no label of its own. */
export function readable(/** @type {string} */ id) {
  const text = id.replace(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
