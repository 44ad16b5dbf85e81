/** The person's side: microphone, typing, pause, next phase, end; and a hint when a microphone fails. */
import { button, h, icon, redraw } from "../dom.js";
import { label, say } from "../i18n.js";

/** The server cuts a typed line at 2 KB. */
const LONGEST = 600;
const MIC_HINTS = ["refused", "absent", "insecure"];

/** @param {import("../room.js").SceneRoom} room */
export function controls(room) {
  const mic = button("mic", "mic", { label: "room.mute", say: "room.short.mute", testid: "mic", on: { click: () => room.toggleMicrophone() } });
  const pause = button("tool", "pause", { say: "room.pause", testid: "pause", on: { click: () => ask(room.state.paused ? "resume" : "pause") } });
  const skip = button("tool", "skip", { say: "room.skip", testid: "skip", on: { click: () => attempt(() => room.call("skip")) } });
  const end = button("tool leave", "end", { say: "room.end", testid: "end", on: { click: () => room.end() } });
  const input = h("input", {
    type: "text", name: "line", autocomplete: "off", enterkeyhint: "send", maxlength: LONGEST, testid: "type-input",
    label: "room.type.label", "data-say-placeholder": "room.type",
  });
  label(input, "room.type.label");
  const form = h("form.typing", { on: { submit } }, input, button("send", "send", { type: "submit", label: "room.send", testid: "type-send" }));
  const hint = h("p.hint", { role: "status", hidden: true, testid: "room-hint" }, icon("alert"), h("span"));
  const node = h("section.controls", { label: "room.controls" }, hint, form, h("div.buttons", {}, mic, pause, skip, end));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let passing;

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    await attempt(() => room.say(text), "room.failed.send", () => { input.value = text; });
  }

  /** @param {"pause" | "resume"} what */
  function ask(what) {
    return attempt(() => room[what]());
  }

  /** @param {() => Promise<unknown>} deed */
  async function attempt(deed, sentence = "room.failed.call", otherwise = () => {}) {
    try {
      await deed();
    } catch {
      otherwise();
      clearTimeout(passing);
      tell(sentence);
      passing = setTimeout(() => { passing = undefined; update(room.state); }, 5_000);
    }
  }

  /** @param {string} key  empty: nothing to tell */
  function tell(key) {
    hint.hidden = !key;
    if (key) say(hint.lastElementChild, key);
  }

  /** @param {import("../state.js").SceneState} state */
  function update(state) {
    const live = state.connection === "live";
    const on = state.mic === "on";
    mic.disabled = !live;
    pause.disabled = skip.disabled = !live || !state.agent || state.ending;
    mic.dataset.state = state.mic;
    relabel(mic, on ? "room.short.mute" : "room.short.unmute", on ? "mic" : "mic-off");
    label(mic, on ? "room.mute" : "room.unmute");
    relabel(pause, state.paused ? "room.resume" : "room.pause", state.paused ? "play" : "pause");
    relabel(end, state.ending || state.connection === "taken" ? "room.leave" : "room.end", "end");
    if (passing) return;
    if (MIC_HINTS.includes(state.mic)) tell(`room.mic.${state.mic}`);
    else tell(state.unheard && live ? "room.mic.unheard" : "");
  }

  /** @param {number} level  of the person's own voice, 0 to 1 */
  function level(level) {
    mic.style.setProperty("--level", level.toFixed(3));
  }

  return { node, update, level };
}

/** @param {HTMLElement} node @param {string} key @param {string} drawing */
function relabel(node, key, drawing) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  say(/** @type {Element} */ (node.querySelector("span")), key);
  redraw(node, drawing);
}
