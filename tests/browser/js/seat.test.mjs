import assert from "node:assert/strict";
import { test } from "node:test";
import { seatIn } from "../../../services/api/web/js/seat.js";

const NOW_MS = Date.parse("2026-11-21T10:00:00Z");
const SEAT = { room: "s-1", scenario: "debat-tv", identity: "u-local-1", voice: false, at_ms: NOW_MS - 60_000 };

test("a seat is read back with the fields it has, and no other", () => {
  assert.deepEqual(seatIn(JSON.stringify({ ...SEAT, token: "t" }), NOW_MS), SEAT);
});

for (const [what, kept] of [
  ["nothing", null],
  ["what is no JSON", "s-1 voice"],
  ["a seat without a room", JSON.stringify({ ...SEAT, room: "" })],
  ["a seat without an identity", JSON.stringify({ ...SEAT, identity: undefined })],
  ["yesterday's seat", JSON.stringify({ ...SEAT, at_ms: NOW_MS - 25 * 3_600_000 })],
]) {
  test(`${what} is no seat`, () => assert.equal(seatIn(kept, NOW_MS), null));
}
