/** The first view: what the studio is, its scenes, and the chosen scene ready to be played. */
import { h, icon } from "../dom.js";
import { posterHue } from "../portrait.js";
import { briefPanel } from "./brief.js";
import { portrait } from "./portrait.js";
import { studioStrip } from "./studio.js";
import { waitingPanel } from "./waiting.js";

/** @typedef {import("../main.js").App} App @typedef {import("../api.js").Scene} Scene */

/** @returns {HTMLElement} */
export function loading() {
  return h("p.loading", { role: "status", say: "scenes.loading", testid: "loading" });
}

/** @param {App} app @returns {import("../main.js").View} */
export function startView(app) {
  const side = h("aside.side", { testid: "side" });
  const node = h("div.start", { testid: "start", "data-step": "choose" },
    waitingPanel(app), hero(app),
    h("div.house", {}, h("section.scenes", { "aria-labelledby": "scenes-title" },
      h("h2", { id: "scenes-title", say: "scenes.title", tabindex: "-1" }),
      app.scenes.length ? null : h("p", { say: "scenes.none" }),
      posters(app, choose, prepare)), side));
  /** @type {ReturnType<typeof briefPanel> | null} */
  let brief = null;

  /** @param {Scene} scene */
  function choose(scene) {
    app.chosen = scene.id;
    brief?.close();
    brief = briefPanel(app, scene, back);
    side.replaceChildren(brief.node);
  }

  function prepare() {
    if (node.dataset.step === "prepare" || getComputedStyle(side).display !== "none") return;
    node.dataset.step = "prepare";
    window.scrollTo(0, 0);
    side.querySelector("h2")?.focus();
  }

  function back() {
    node.dataset.step = "choose";
    node.querySelector(`input[value="${CSS.escape(app.chosen)}"]`)?.focus();
  }

  const first = app.scenes.find((scene) => scene.id === app.chosen) ?? app.scenes[0];
  if (first) choose(first);
  return { node, close: () => brief?.close() };
}

/** @param {App} app */
function hero(app) {
  return h("section.hero", {}, h("div.hero-words", {},
    h("h1", { say: "start.title" }), h("p.lead", { say: "start.lead" })), studioStrip(app.studio));
}

/** @param {App} app @param {(scene: Scene) => void} choose @param {() => void} prepare */
function posters(app, choose, prepare) {
  const chosen = app.scenes.some((scene) => scene.id === app.chosen) ? app.chosen : app.scenes[0]?.id;
  return h("div.posters", { role: "radiogroup", "aria-labelledby": "scenes-title" },
    ...app.scenes.map((scene, place) => poster(scene, place, scene.id === chosen, choose, prepare)));
}

/** @param {Scene} scene @param {number} place @param {boolean} checked @param {(scene: Scene) => void} choose @param {() => void} prepare */
function poster(scene, place, checked, choose, prepare) {
  const radio = h("input", {
    type: "radio", name: "scene", value: scene.id, checked, "aria-describedby": `about-${scene.id}`,
    on: {
      change: () => choose(scene),
      keydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" || event.key === " ") prepare(); },
    },
  });
  const count = scene.cast.length;
  return h("label.poster", {
    testid: `scene-${scene.id}`, css: { hue: posterHue(place) },
    on: { click: (/** @type {MouseEvent} */ event) => { if (event.detail > 0) setTimeout(prepare); } },
  },
    radio,
    h("span.poster-stage", { "aria-hidden": "true" }, ...scene.cast.map((one, at) => portrait(scene.id, one.name, at))),
    h("span.poster-words", {},
      h("span.poster-title", { lang: scene.language }, scene.title),
      h("span.poster-summary", { id: `about-${scene.id}`, lang: scene.language }, scene.summary),
      h("span.facts", {},
        h("span.tag", { say: `scene.language.${scene.language}` }),
        h("span", { say: count === 1 ? "scene.cast.one" : "scene.cast", vars: { count } }),
        scene.duration_s > 0 && h("span", { say: "scene.minutes", vars: { minutes: minutesOf(scene) } }))),
    h("span.poster-tick", { "aria-hidden": "true" }, icon("check")));
}

/** @param {Scene} scene */
export function minutesOf(scene) {
  return Math.max(1, Math.floor(scene.duration_s / 60));
}
