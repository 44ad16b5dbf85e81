/** An error as a sentence, with the way on. */
import { ApiError } from "../api.js";
import { button, h, icon } from "../dom.js";
import { say } from "../i18n.js";

/**
 * @param {unknown} error
 * @param {{retry: () => void}} ways
 * @returns {HTMLElement}
 */
export function notice(error, { retry }) {
  const { sentence, retryAfter_s } = error instanceof ApiError ? error : new ApiError("server");
  const again = button("plain", "again", { say: "error.retry", testid: "retry", on: { click: retry } });
  if (retryAfter_s > 0) countDown(again, retryAfter_s);
  return h("div.notice", { role: "alert", testid: "notice", "data-tone": "bad", "data-sentence": sentence },
    icon("alert"),
    h("div", {}, h("strong", { say: "error.title" }), h("p", { say: sentence }), again));
}

/** @param {HTMLButtonElement} node @param {number} seconds */
function countDown(node, seconds) {
  const words = /** @type {Element} */ (node.querySelector("span"));
  node.disabled = true;
  let left = seconds;
  const tick = () => {
    if (left > 0) {
      say(words, "error.retry_in", { seconds: left });
      left -= 1;
      setTimeout(tick, 1000);
      return;
    }
    node.disabled = false;
    say(words, "error.retry");
  };
  tick();
}
