/** After the scene: who said what, to read, copy and keep; and the way to another one. */
import { transcript } from "../api.js";
import { button, h, icon, redraw } from "../dom.js";
import { say, t } from "../i18n.js";
import { clockText } from "../portrait.js";
import { hueOf, initials } from "../portrait.js";
import { notice } from "./notice.js";

/** @typedef {import("../api.js").Turn} Turn @typedef {import("../captions.js").Line} Line */

/** The last turns may still be on their way to the store. */
const ASK_AGAIN_MS = [1_200, 2_500, 5_000];

/**
 * @param {object} wiring
 * @param {import("../main.js").App} wiring.app
 * @param {import("../api.js").Scene | null} wiring.scene
 * @param {string} wiring.room
 * @param {readonly Line[]} wiring.heard   captions of this browser, shown if the store is out of reach
 * @returns {import("../main.js").View}
 */
export function afterView({ app, scene, room, heard }) {
  const body = h("div.after-body", { testid: "transcript", "data-state": "loading" }, h("p.loading", { role: "status", say: "after.loading" }));
  const lead = h("p.lead", { lang: scene?.language }, scene?.title ?? "");
  const trouble = h("div.trouble");
  /** @type {readonly Turn[]} */
  let turns = [];
  let open = true;
  const copy = button("plain", "copy", { say: "after.copy", testid: "copy", disabled: true, on: { click: () => copyText(copy, asText(turns, scene)) } });
  const save = button("plain", "download", { say: "after.download", testid: "download", disabled: true, on: { click: () => download(`${room}.txt`, asText(turns, scene)) } });
  const node = h("div.after", { testid: "after" },
    h("header.after-head", {},
      h("div", {}, h("h1", { say: "after.title" }), lead),
      h("div.ways", {},
        scene && button("primary", "again", { say: "after.again", testid: "again", on: { click: again } }),
        button("plain", "back", { say: "after.other", testid: "other-scenes", on: { click: app.home } }))),
    trouble,
    h("section.sheet", { "aria-labelledby": "sheet-title" },
      h("header", {}, h("h2", { id: "sheet-title", say: "after.transcript" }), h("div.ways", {}, copy, save)), body));

  async function again() {
    trouble.replaceChildren();
    try {
      await app.play(/** @type {import("../api.js").Scene} */ (scene));
    } catch (error) {
      (document.querySelector(".trouble") ?? trouble).replaceChildren(notice(error, { retry: again }));
    }
  }

  /** @param {readonly Turn[]} list @param {string} [remark] */
  function draw(list, remark) {
    turns = list;
    copy.disabled = save.disabled = list.length === 0;
    body.dataset.state = remark ? "local" : "ready";
    body.replaceChildren(...[remark && h("p.remark", { say: remark }),
      list.length ? sheet(list, scene) : h("p.empty", { say: "after.empty" })].filter(Boolean));
    const length_s = list.length ? since(list, list.length - 1) : 0;
    if (scene && length_s > 0) say(lead, "after.lead", { title: scene.title, time: clockText(length_s) });
  }

  async function fetchIt(attempt = 0) {
    try {
      const told = await transcript(room);
      if (!open) return;
      draw(told.turns);
      const behind = told.live || told.turns.length < heard.filter((line) => !line.own).length;
      if (behind && attempt < ASK_AGAIN_MS.length) setTimeout(() => open && fetchIt(attempt + 1), ASK_AGAIN_MS[attempt]);
    } catch (error) {
      if (!open) return;
      if (attempt < 1) return void setTimeout(() => open && fetchIt(attempt + 1), ASK_AGAIN_MS[0]);
      trouble.replaceChildren(notice(error, { retry: () => { trouble.replaceChildren(); fetchIt(1); } }));
      draw(heard.map(turnOf), "after.local");
    }
  }

  fetchIt();
  return { node, close: () => { open = false; } };
}

/** @param {readonly Turn[]} turns @param {import("../api.js").Scene | null} scene */
function sheet(turns, scene) {
  return h("ol.turns", { lang: scene?.language }, ...turns.map((turn, at) => {
    const own = turn.speaker === "learner";
    const place = scene?.cast.findIndex((one) => one.id === turn.speaker) ?? -1;
    const name = own ? h("strong", { say: "room.you" }) : h("strong", {}, turn.name);
    return h(own ? "li.turn.own" : "li.turn", { testid: "turn", "data-persona": turn.speaker, css: { hue: hueOf(scene?.id ?? "", Math.max(0, place)) } },
      h("span.portrait", { "aria-hidden": "true" }, own ? icon("person") : initials(turn.name)),
      h("p", {}, h("span.who", {}, name, turn.at && h("time", {}, clockText(since(turns, at)))),
        h("span.text", {}, turn.text, turn.cut && " —"), turn.cut && h("small.cut", { say: "after.cut" })));
  }));
}

/** Seconds from the first turn to that one; 0 where times are missing. @param {readonly Turn[]} turns @param {number} at */
function since(turns, at) {
  const seconds = (Date.parse(turns[at].at) - Date.parse(turns[0].at)) / 1000;
  return Number.isFinite(seconds) ? seconds : 0;
}

/** @param {Line} line @returns {Turn} */
function turnOf(line) {
  return { speaker: line.own ? "learner" : line.persona, name: line.name, text: line.text, cut: false, at: "" };
}

/** The transcript as plain text, one turn a paragraph. @param {readonly Turn[]} turns @param {import("../api.js").Scene | null} scene */
export function asText(turns, scene) {
  const lines = turns.map((turn) => {
    const name = turn.speaker === "learner" ? t("room.you") : turn.name;
    return `${name}: ${turn.text}${turn.cut ? ` — (${t("after.cut")})` : ""}`;
  });
  return [scene?.title, ...lines].filter(Boolean).join("\n\n") + "\n";
}

/** @param {HTMLElement} node @param {string} text */
async function copyText(node, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  const words = /** @type {Element} */ (node.querySelector("span"));
  say(words, "after.copied");
  redraw(node, "check");
  setTimeout(() => { say(words, "after.copy"); redraw(node, "copy"); }, 2_000);
}

/** For pages opened over plain http, where there is no clipboard. @param {string} text */
function copyBySelection(text) {
  const area = /** @type {HTMLTextAreaElement} */ (h("textarea.off-screen"));
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** @param {string} name @param {string} text */
function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
