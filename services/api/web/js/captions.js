/**
 * Captions as data: what was said, by whom, as it arrives. Pure; the view draws it.
 *
 * A character's line comes as pieces to append. The person's own line comes again in full with
 * every update and replaces what stood there.
 *
 * @typedef {object} Line
 * @property {string} key       one segment of speech
 * @property {boolean} own      said by the person who practises
 * @property {string} persona   character id; empty for the person
 * @property {string} name      as shown; empty for the person
 * @property {string} text
 * @property {string} source    live | cached | deck | fallback | understudy; empty if not told
 * @property {boolean} final    nothing more will come
 * @property {boolean} typed    written, not spoken
 *
 * @typedef {{type: "piece", key: string, persona: string, name: string, source: string, text: string}
 *   | {type: "own", key: string, text: string, final: boolean}
 *   | {type: "typed", key: string, text: string}
 *   | {type: "done", key: string}} CaptionEvent
 */

/** Lines kept on the page: a scene of an hour stays far below. */
export const LINES_KEPT = 600;
/** How many of the person's last lines may be the echo of a typed one. */
const ECHO_DEPTH = 3;

/**
 * @param {readonly Line[]} lines
 * @param {CaptionEvent} event
 * @returns {readonly Line[]}
 */
export function reduceCaptions(lines, event) {
  switch (event.type) {
    case "piece":
      return appendPiece(lines, event);
    case "own":
      return replaceOwn(lines, event);
    case "typed":
      return push(lines, { ...blank(event.key), own: true, typed: true, final: true, text: event.text.trim() });
    case "done":
      return finish(lines, event.key);
    default:
      return lines;
  }
}

/** What was said before the page came back to its room. @param {readonly import("./api.js").Turn[]} turns @returns {readonly Line[]} */
export function linesOf(turns) {
  const lines = turns.map(({ speaker, name, text }, at) => {
    const own = speaker === "learner";
    return { ...blank(`past-${at}`), own, persona: own ? "" : speaker, name: own ? "" : name, text, final: true };
  });
  return lines.slice(-LINES_KEPT);
}

/** The line that is being said now by that character, or its last one. */
export function lastLineOf(/** @type {readonly Line[]} */ lines, /** @type {string} */ persona) {
  return lines.findLast((line) => !line.own && line.persona === persona);
}

/** @param {readonly Line[]} lines @param {Extract<CaptionEvent, {type: "piece"}>} event */
function appendPiece(lines, { key, persona, name, source, text }) {
  const at = lines.findLastIndex((line) => line.key === key);
  if (at < 0) return text ? push(lines, { ...blank(key), persona, name, source, text: text.trimStart() }) : lines;
  return put(lines, at, { ...lines[at], text: lines[at].text + text });
}

/** @param {readonly Line[]} lines @param {Extract<CaptionEvent, {type: "own"}>} event */
function replaceOwn(lines, { key, text, final }) {
  const said = text.trim();
  const at = lines.findLastIndex((line) => line.key === key);
  if (at >= 0) {
    if (!said && final) return put(lines, at);
    return said ? put(lines, at, { ...lines[at], text: said, final }) : lines;
  }
  if (!said || isEchoOfTyped(lines, said)) return lines;
  return push(lines, { ...blank(key), own: true, text: said, final });
}

/** A typed line that comes back as the person's caption is shown once. */
function isEchoOfTyped(/** @type {readonly Line[]} */ lines, /** @type {string} */ said) {
  const recent = lines.filter((line) => line.own).slice(-ECHO_DEPTH);
  return recent.some((line) => line.typed && line.text === said);
}

/** @param {readonly Line[]} lines @param {string} key */
function finish(lines, key) {
  const at = lines.findLastIndex((line) => line.key === key);
  if (at < 0) return lines;
  const text = lines[at].text.trim();
  return text ? put(lines, at, { ...lines[at], text, final: true }) : put(lines, at);
}

/** The lines with those at one place replaced, or taken out. @param {readonly Line[]} lines @param {number} at @param {Line[]} instead */
function put(lines, at, ...instead) {
  return [...lines.slice(0, at), ...instead, ...lines.slice(at + 1)];
}

/** @param {readonly Line[]} lines @param {Line} line */
function push(lines, line) {
  return [...lines, line].slice(-LINES_KEPT);
}

/** @param {string} key @returns {Line} */
function blank(key) {
  return { key, own: false, persona: "", name: "", text: "", source: "", final: false, typed: false };
}
