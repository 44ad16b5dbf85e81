/** The chosen scene: the person's part, who sits across, the device check and the start. */
import { button, h, icon } from "../dom.js";
import { say } from "../i18n.js";
import { deviceCheck } from "./device.js";
import { notice } from "./notice.js";
import { portrait } from "./portrait.js";

/**
 * @param {import("../main.js").App} app @param {import("../api.js").Scene} scene @param {() => void} back
 * @returns {{node: HTMLElement, close: () => void}}
 */
export function briefPanel(app, scene, back) {
  const device = deviceCheck(app, scene);
  const trouble = h("div.trouble");
  const start = button("primary", "play", { say: "start.button", testid: "start-scene", on: { click: begin } });

  async function begin() {
    trouble.replaceChildren();
    start.disabled = true;
    say(start.querySelector("span"), "start.starting");
    device.close();
    try {
      await app.play(scene);
    } catch (error) {
      report(error);
    }
  }

  /** Show the fault where the person is: this panel, or the one that has taken its place. */
  function report(/** @type {unknown} */ error) {
    start.disabled = false;
    say(start.querySelector("span"), "start.button");
    const place = document.querySelector(".trouble") ?? trouble;
    const again = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=start-scene]"))?.click();
    place.replaceChildren(notice(error, { retry: again }));
    const house = /** @type {HTMLElement | null} */ (place.closest(".start"));
    if (house) house.dataset.step = "prepare";
    place.scrollIntoView({ block: "nearest" });
  }

  const node = h("div.brief", { testid: "brief", "data-scene": scene.id },
    button("quiet back", "back", { say: "brief.back", testid: "back", on: { click: back } }),
    h("h2", { lang: scene.language, tabindex: "-1" }, scene.title),
    part(scene), company(scene), device.node, trouble, h("div.go", {}, start),
    h("p.disclosure", { testid: "disclosure" }, icon("info"), h("span", {}, h("span", { say: "start.disclosure" }), app.studio?.cast === "model" && " ",
      app.studio?.cast === "model" && h("span", { say: "studio.model.help" }))));
  return { node, close: device.close };
}

/** @param {import("../api.js").Scene} scene */
function part({ learner, language }) {
  return h("section.part", {},
    h("h3", { say: "brief.role" }), h("p.role", { lang: language }, learner.role),
    learner.brief && h("p", { lang: language }, learner.brief),
    learner.goals.length > 0 && h("h3", { say: "brief.goals" }),
    learner.goals.length > 0 && h("ul.goals", { lang: language },
      ...learner.goals.map((goal) => h("li", {}, icon("target"), h("span", {}, goal)))));
}

/** @param {import("../api.js").Scene} scene */
function company(scene) {
  return h("section.company", {}, h("h3", { say: "brief.cast" }),
    h("ul.members", {}, ...scene.cast.map((one, place) => h("li", {},
      portrait(scene.id, scene.cast[place].name, place),
      h("span", { lang: scene.language }, h("strong", {}, one.name), one.title && h("small", {}, one.title))))));
}
