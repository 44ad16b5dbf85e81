/** What is switched on in this studio, said plainly: who plays, who hears, which voices. */
import { h, icon } from "../dom.js";

/** @param {import("../api.js").Studio | null} studio @returns {HTMLElement} */
export function studioStrip(studio) {
  if (!studio) return h("ul.studio", { testid: "studio" }, line("alert", "warn", "studio.unknown"));
  const { hearing, voices } = studio;
  const engines = Object.entries(voices).filter(([, names]) => names.length);
  return h("ul.studio", { testid: "studio", "data-cast": studio.cast },
    line("info", "good", `studio.${studio.cast}`, { model: studio.model }, `studio.${studio.cast}.help`),
    hearing
      ? line("mic", "good", "studio.hearing", { name: hearing.name, languages: upper(hearing.languages) })
      : line("mic-off", "warn", "studio.deaf"),
    engines.length
      ? line("sound", "good", "studio.voices", { voices: engines.map(([code, names]) => `${code.toUpperCase()} ${names.join(", ")}`).join(" · ") })
      : line("sound", "warn", "studio.silent"));
}

/** @param {string} drawing @param {string} tone @param {string} say @param {string} [help] */
function line(drawing, tone, say, vars = {}, help) {
  return h("li", { "data-tone": tone }, icon(drawing),
    h("span", {}, h("span.studio-fact", { say, vars }), help && h("small", { say: help })));
}

/** @param {readonly string[]} codes */
function upper(codes) {
  return codes.map((code) => code.toUpperCase()).join(", ");
}
