/** On the first view: the scene that this person left without ending it, while it is still on. */
import { button, h } from "../dom.js";
import { say } from "../i18n.js";
import { notice } from "./notice.js";

/** Hidden until the studio has said that the scene is being played. @param {import("../main.js").App} app @returns {HTMLElement} */
export function waitingPanel(app) {
  const facts = h("p", {});
  const trouble = h("div.waiting-trouble");
  const go = button("primary", "play", { say: "start.rejoin", testid: "come-back" });
  const node = h("section.waiting", { hidden: true, testid: "waiting" },
    h("div", { role: "status" }, h("h2", { say: "start.waiting" }), facts), go, trouble);

  /** @param {import("../seat.js").Seat} seat */
  async function comeBack(seat) {
    trouble.replaceChildren();
    go.disabled = true;
    try {
      node.hidden = !(await app.comeBack(seat));
    } catch (error) {
      const place = document.querySelector(".waiting-trouble") ?? trouble; // the first view may have been drawn anew
      place.replaceChildren(notice(error, { retry: () => comeBack(seat) }));
    }
    go.disabled = false;
  }

  app.waiting().then((back) => {
    if (!back) return;
    const time = new Date(back.seat.at_ms).toLocaleTimeString("fr", { hour: "2-digit", minute: "2-digit" });
    say(facts, "start.waiting.of", { title: back.scene.title, time });
    go.addEventListener("click", () => comeBack(back.seat));
    node.hidden = false;
  });
  return node;
}
