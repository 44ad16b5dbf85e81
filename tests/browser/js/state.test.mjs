import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsedAt, opening, reduce, statusOf } from "../../../services/api/web/js/state.js";

const ROSTER = [{ id: "morel", name: "Claire Morel", title: "animatrice" }];
const start = (patch = {}) => reduce(opening(ROSTER, 0), { type: "patch", patch });
const live = (patch = {}) => start({ connection: "live", agent: "agent-1", agentState: "listening", greeted: true, mic: "on", ...patch });
const told = (status) => ({ type: "metadata", metadata: JSON.stringify({ repartee: { status } }) });

const CASES = [
  ["joining", start(), "status.joining"],
  ["no agent yet", live({ agent: "" }), "status.waiting"],
  ["nobody free", reduce(live({ agent: "" }), told("no_agent")), "status.no_agent"],
  ["agent lost", reduce(live(), told("agent_lost")), "status.agent_lost"],
  ["there, but silent so far", live({ greeted: false }), "status.waiting"],
  ["agent back", reduce(live(), told("agent_back")), "status.agent_back"],
  ["failed", reduce(live(), told("failed")), "status.failed"],
  ["a character speaks", live({ speaker: "morel" }), "status.speaking"],
  ["thinking", live({ agentState: "thinking" }), "status.thinking"],
  ["the person's turn", live(), "status.listening"],
  ["the person types", live({ mic: "typing" }), "status.listening_typed"],
  ["paused", live({ paused: true }), "status.paused"],
  ["reconnecting wins over all", live({ connection: "reconnecting", speaker: "morel" }), "status.reconnecting"],
  ["lost", live({ connection: "lost" }), "status.lost"],
  ["over", live({ connection: "over" }), "status.over"],
];
for (const [name, state, key] of CASES) test(`status: ${name}`, () => assert.equal(statusOf(state).key, key));

test("the speaker's name stands in the sentence", () => {
  assert.equal(statusOf(live({ speaker: "morel" })).vars.name, "Claire Morel");
});

test("a new agent's attributes take the trouble away", () => {
  const lost = reduce(live(), told("agent_lost"));
  const back = reduce(lost, { type: "agent", identity: "agent-2", attributes: { "lk.agent.state": "listening" } });
  assert.equal(back.trouble, "");
  assert.equal(back.agent, "agent-2");
});

test("a broken roster or metadata changes nothing", () => {
  const state = reduce(live(), { type: "agent", identity: "agent-1", attributes: { "repartee.roster": "[{" } });
  assert.deepEqual(state.roster, ROSTER);
  for (const metadata of ["", "{", "null", '{"repartee": 1}', '{"repartee":{"status":"<b>"}}']) {
    assert.equal(reduce(state, { type: "metadata", metadata }).trouble, "");
  }
});

test("only the agent that leaves is gone", () => {
  assert.equal(reduce(live(), { type: "agent_gone", identity: "agent-0" }).agent, "agent-1");
  assert.equal(reduce(live(), { type: "agent_gone", identity: "agent-1" }).agent, "");
});

test("the clock runs only while a scene is live and not paused", () => {
  const at = (patch) => elapsedAt(live({ clock: { elapsed_s: 10, at_ms: 1000 }, ...patch }), 4000);
  assert.equal(at({}), 13);
  assert.equal(at({ paused: true }), 10);
  assert.equal(at({ agent: "" }), 10);
  assert.equal(at({ connection: "reconnecting" }), 10);
});

test("the agent's answer sets the clock, the phase and the pause", () => {
  const state = reduce(live(), { type: "told", now_ms: 50, answer: { elapsed_s: 61.5, phase: "debat", paused: true } });
  assert.deepEqual([state.clock, state.phase, state.paused], [{ elapsed_s: 61.5, at_ms: 50 }, "debat", true]);
});

test("an answer without the known fields leaves the state", () => {
  const before = live({ phase: "un", clock: { elapsed_s: 3, at_ms: 0 } });
  const state = reduce(before, { type: "told", now_ms: 2000, answer: { elapsed_s: "x", phase: 4 } });
  assert.deepEqual([state.clock.elapsed_s, state.phase, state.paused], [5, "un", false]);
});

test("a cast that is back is news until the person goes on", () => {
  const back = reduce(live(), told("agent_back"));
  const excuse = reduce(back, { type: "piece", key: "a", persona: "morel", name: "Claire Morel", source: "live", text: "Pardon." });
  assert.equal(statusOf(excuse).key, "status.agent_back");
  for (const words of [{ type: "own", key: "b", text: "Bien.", final: true }, { type: "typed", key: "b", text: "Bien." }]) {
    assert.equal(statusOf(reduce(excuse, words)).key, "status.listening");
  }
  const lost = reduce(reduce(live(), told("agent_lost")), { type: "typed", key: "b", text: "Bien." });
  assert.equal(statusOf(lost).key, "status.agent_lost");
});

test("a pause is over when somebody begins to speak, not while a line is being stopped", () => {
  const speaks = (id) => ({ type: "agent", identity: "agent-1", attributes: { "lk.agent.state": "listening", "repartee.speaker": id } });
  assert.equal(reduce(live({ paused: true }), speaks("morel")).paused, false);
  assert.equal(reduce(live({ paused: true, speaker: "morel" }), speaks("morel")).paused, true);
  assert.equal(reduce(live({ paused: true, speaker: "morel" }), speaks("")).paused, true);
});
