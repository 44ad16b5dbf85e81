/** The cast in a row: the one who speaks stands in the light, ringed by the level of the voice. */
import { h } from "../dom.js";
import { hueOf, placeOf } from "../portrait.js";
import { portrait } from "./portrait.js";

/** @typedef {import("../state.js").SceneState} SceneState */

/** @param {import("../api.js").Scene} scene */
export function castRow(scene) {
  const node = h("ul.cast", { label: "room.cast", testid: "cast" });
  /** @type {readonly import("../state.js").Member[]} */
  let roster = [];
  /** @type {HTMLElement[]} */
  let cards = [];

  /** @param {readonly import("../state.js").Member[]} members */
  function seat(members) {
    roster = members;
    cards = members.map((one) => h("li.player", { testid: `player-${one.id}`, "data-persona": one.id, "data-late": isLate(one.id), css: { hue: hue(one.id) } },
      h("span.halo", {}, portrait(scene.id, one.name, place(one.id))),
      h("strong", {}, one.name), one.title && h("small", { lang: scene.language }, one.title),
      h("span.speaks", { say: "room.speaking" })));
    node.replaceChildren(...cards);
    node.style.setProperty("--count", String(members.length));
  }

  /** @param {SceneState} state */
  function update(state) {
    if (state.roster !== roster) seat(state.roster);
    node.dataset.speaking = String(state.speaker !== "");
    for (const card of cards) card.dataset.state = stateOf(state, card.dataset.persona ?? "");
  }

  /** @param {(persona: string) => number} levelOf */
  function levels(levelOf) {
    for (const card of cards) card.style.setProperty("--level", levelOf(card.dataset.persona ?? "").toFixed(3));
  }

  /** @param {string} persona */
  function place(persona) {
    return Math.max(0, placeOf(scene.cast, roster, persona));
  }

  /** @param {string} persona */
  function hue(persona) {
    return String(hueOf(scene.id, place(persona)));
  }

  /** @param {string} persona */
  function isLate(persona) {
    return scene.cast.every((one) => one.id !== persona);
  }

  return { node, update, levels, hueOf: hue };
}

/** @param {SceneState} state @param {string} persona */
function stateOf(state, persona) {
  if (!state.agent) return "away";
  if (state.speaker === persona) return "speaking";
  return state.agentState === "thinking" ? "thinking" : "listening";
}
