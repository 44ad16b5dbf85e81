/** What is said, as a script: names in the margin, lines beside them, the newest at the bottom. */
import { h } from "../dom.js";
import { untie } from "../i18n.js";
import { hueOf, placeOf } from "../portrait.js";

/** @typedef {import("../captions.js").Line} Line */
/** Nearer to the bottom than this, the log follows what is said. */
const FOLLOW_PX = 80;

/** @param {import("../api.js").Scene} scene */
export function script(scene) {
  const list = h("ol.lines", { lang: scene.language });
  const empty = h("p.empty", { say: "room.empty" });
  const node = h("section.script", { role: "log", "aria-live": "off", label: "room.script", tabindex: "0", testid: "script" }, empty, list);
  /** @type {Map<string, {node: HTMLElement, text: HTMLElement, line: Line}>} */
  const drawn = new Map();
  /** @type {readonly Line[]} */
  let before = [];
  /** @type {readonly import("../state.js").Member[]} */
  let present = [];
  let follows = true;
  let top_px = 0;
  // Only the reader's way up ends it: a line that comes, or a window that shrinks, before the
  // browser has told of our own scrolling makes the bottom look far away as well.
  node.addEventListener("scroll", () => {
    if (node.scrollHeight - node.scrollTop - node.clientHeight < FOLLOW_PX) follows = true;
    else if (node.scrollTop < top_px) follows = false;
    top_px = node.scrollTop;
  });
  // A keyboard that opens, or a phone that turns, must not hide the newest line.
  const resized = new ResizeObserver(follow);
  resized.observe(node);

  function follow() {
    if (follows) node.scrollTop = node.scrollHeight;
  }

  /** @param {readonly Line[]} lines @param {readonly import("../state.js").Member[]} roster */
  function update(lines, roster) {
    if (lines === before) return;
    before = lines;
    present = roster;
    empty.hidden = lines.length > 0;
    const kept = new Set(lines.map((line) => line.key));
    for (const [key, one] of drawn) {
      if (kept.has(key)) continue;
      one.node.remove();
      drawn.delete(key);
    }
    for (const [at, line] of lines.entries()) draw(line, lines[at - 1]);
    follow();
  }

  /** @param {Line} line @param {Line | undefined} previous */
  function draw(line, previous) {
    let one = drawn.get(line.key);
    if (one?.line === line) return;
    if (!one) {
      one = entry(scene, line, placeOf(scene.cast, present, line.persona));
      drawn.set(line.key, one);
      list.append(one.node);
    }
    one.line = line;
    one.text.textContent = line.text;
    one.node.dataset.state = line.final ? "final" : "live";
    one.node.toggleAttribute("data-goes-on", previous !== undefined && previous.own === line.own && previous.persona === line.persona);
  }

  return { node, update, close: () => resized.disconnect() };
}

/** @param {import("../api.js").Scene} scene @param {Line} line @param {number} place */
function entry(scene, line, place) {
  const text = h("span.text");
  const name = line.own ? h("strong", { say: "room.you" }) : h("strong", {}, line.name || (scene.cast[place]?.name ?? ""));
  if (!line.own) untie(name);
  const node = h(line.own ? "li.line.own" : "li.line", {
    testid: "caption", "data-persona": line.own ? "learner" : line.persona, "data-source": line.source,
    css: { hue: place < 0 ? 200 : hueOf(scene.id, place) },
  }, h("span.who", {}, name, line.typed && h("small", { say: "room.typed" })), text);
  return { node, text, line: /** @type {Line} */ (/** @type {unknown} */ (null)) };
}
