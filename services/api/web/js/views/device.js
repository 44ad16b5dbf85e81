/** The device check: talk or type, which microphone, and bars that move when it hears. */
import { hears } from "../api.js";
import { button, h, icon } from "../dom.js";
import { say, t } from "../i18n.js";
import { Meter, everyFrame, wake } from "../meter.js";

const BARS = 24;
/** A level that only a voice near the microphone reaches. */
const HEARD = 0.35;

/**
 * @param {import("../main.js").App} app @param {import("../api.js").Scene} scene
 * @returns {{node: HTMLElement, close: () => void}}
 */
export function deviceCheck(app, scene) {
  const deaf = !hears(app.studio, scene.language);
  const check = button("plain", "mic", { say: "device.check", testid: "device-check", on: { click: () => listen(app.device.deviceId) } });
  const select = h("select", { testid: "device-select", on: { change: () => listen(select.value) } });
  const bars = h("div.bars", { role: "meter", label: "device.level", testid: "device-level", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 },
    ...Array.from({ length: BARS }, () => h("i")));
  const hint = h("p.hint", { role: "status", testid: "device-hint" });
  const picker = h("div.picker", { hidden: true }, h("label", {}, h("span", { say: "device.choose" }), select), bars);
  const node = h("section.device", { testid: "device" },
    h("h3", { say: "device.title" }), choice(app, deaf, redraw), check, picker, hint);
  /** @type {MediaStream | null} */
  let stream = null;
  let close = () => {};

  /** @param {string} deviceId */
  async function listen(deviceId) {
    stop();
    wake();
    if (!navigator.mediaDevices) return say(hint, "device.insecure");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: deviceId ? { deviceId } : true });
    } catch (error) {
      return say(hint, /** @type {Error} */ (error).name === "NotAllowedError" ? "device.refused" : "device.absent");
    }
    app.device.deviceId = stream.getAudioTracks()[0].getSettings().deviceId ?? "";
    await list(select, app.device.deviceId);
    check.hidden = true;
    picker.hidden = false;
    say(hint, "device.quiet");
    return show(stream.getAudioTracks()[0]);
  }

  /** @param {MediaStreamTrack} track */
  function show(track) {
    const meter = new Meter(track);
    let heard = false;
    const still = everyFrame(() => {
      const level = meter.level();
      const lit = Math.round(level * BARS);
      for (const [at, bar] of [...bars.children].entries()) bar.toggleAttribute("data-lit", at < lit);
      bars.setAttribute("aria-valuenow", String(Math.round(level * 100)));
      if (!heard && level > HEARD) {
        heard = true;
        say(hint, "device.good");
      }
    });
    close = () => { still(); meter.close(); };
  }

  function stop() {
    close();
    close = () => {};
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  }

  function redraw() {
    stop();
    const types = deaf || !app.device.microphone;
    check.hidden = types;
    picker.hidden = true;
    if (types && deaf) say(hint, "device.deaf", { language: t(`scene.language.${scene.language}`) });
    else say(hint, types ? "device.typing" : "device.headphones");
    node.dataset.mode = types ? "type" : "voice";
  }

  redraw();
  return { node, close: stop };
}

/** @param {import("../main.js").App} app @param {boolean} deaf @param {() => void} redraw */
function choice(app, deaf, redraw) {
  const option = (/** @type {boolean} */ microphone, /** @type {string} */ drawing, /** @type {string} */ key) => h("label", {},
    h("input", {
      type: "radio", name: "mode", testid: microphone ? "mode-voice" : "mode-type", checked: microphone === (app.device.microphone && !deaf),
      disabled: microphone && deaf, on: { change: () => { app.device.microphone = microphone; redraw(); } },
    }), icon(drawing), h("span", { say: key }));
  return h("div.segmented.wide", { role: "radiogroup", label: "device.title" }, option(true, "mic", "device.voice"), option(false, "keyboard", "device.type"));
}

/** @param {HTMLSelectElement} select @param {string} chosen */
async function list(select, chosen) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const ears = devices.filter((one) => one.kind === "audioinput");
  select.replaceChildren(...ears.map((one) => h("option", { value: one.deviceId, selected: one.deviceId === chosen },
    one.label || t("device.default"))));
}
