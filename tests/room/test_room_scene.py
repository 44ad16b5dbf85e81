"""A scene from the token to the transcript, as a client written against the contract meets it."""

import asyncio
import json
from itertools import pairwise

import aiohttp
import numpy as np
import pytest
from livekit import rtc

from bench.house import House
from bench.person import Heard, Person
from bench.recordings import RATE_HZ, recording
from tests.room._seat import LIMIT_S, Seat, exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEASURED_S = 0.04
"""Two frames: below it an overlap is the clock's grain."""


def tracks(person: Person) -> dict[str, rtc.RemoteTrackPublication]:
    """The agent's audio tracks by name; this client keeps them in no order."""
    return {one.name: one for one in person.agent().track_publications.values()}


def heard_in_order(person: Person) -> list[str]:
    """Names of the tracks, each time another one begins to be heard."""
    sounds = sorted((at, one.track) for one in person.heard.values() for at in one.at_s)
    names = [name for _, name in sounds]
    return names[:1] + [after for before, after in pairwise(names) if after != before]


async def test_a_whole_scene_is_heard_captioned_and_kept(house: House) -> None:
    async with seated(house, "round") as seat:
        person = seat.person
        await seat.greeted(lines=3)
        assert sorted(tracks(person)) == ["ada", "ben", "cleo"]
        assert {one.source for one in tracks(person).values()} == {
            rtc.TrackSource.SOURCE_MICROPHONE
        }
        assert heard_in_order(person) == ["ada", "ben", "cleo"]
        assert [line.persona for line in person.lines()] == ["ada", "ben", "cleo"]

        answer = await seat.reply_to("Mister Marsh, what about the harbour?")
        assert (answer.persona, answer.text) == ("ben", "The harbour costs four million.")
        await seat.quiet()
        await person.command("end")
        await seat.gone()
        assert person.overlap_s() <= MEASURED_S
        assert person.lines()[-1].text == "Thank you for coming today."
        captions = [(line.persona, line.text) for line in person.lines()]
        turns = await seat.turns()
        said = [(t["speaker"], t["text"]) for t in turns if t["speaker"] != "learner"]
        assert said == captions
        assert [t["text"] for t in turns if t["speaker"] == "learner"] == [
            "Mister Marsh, what about the harbour?"
        ]
        session = await seat.session()
        assert (session["status"], session["end_reason"]) == ("ended", "learner")


async def test_each_caption_says_whose_words_on_which_track(house: House) -> None:
    async with seated(house, "round") as seat:
        await seat.greeted(lines=3)
        sids = {name: one.sid for name, one in tracks(seat.person).items()}
        names = {"ada": "Ada Stone", "ben": "Ben Marsh", "cleo": "Cleo Hart"}
        turn_ids = [t["turn_id"] for t in await seat.turns()]
        segments = set()
        for line, turn_id in zip(seat.person.lines(), turn_ids, strict=True):
            told = dict(line.attributes)
            segments.add(told.pop("lk.segment_id"))
            assert told == {
                "lk.transcription_final": "true",
                "lk.transcribed_track_id": sids["ada"],
                "repartee.persona": line.persona,
                "repartee.persona_name": names[line.persona],
                "repartee.turn_id": turn_id,
                "repartee.track": sids[line.persona],
                "repartee.source": "understudy",
            }
            assert line.sender == seat.person.agent().identity
        assert len(segments) == 3


async def test_the_agent_says_who_is_there_who_speaks_and_where_the_scene_stands(
    house: House,
) -> None:
    async with seated(house, "round") as seat:
        person = seat.person
        for one in ("ada", "ben", "cleo"):
            await person.until(
                lambda one=one: person.attribute("repartee.speaker") == one, limit_s=LIMIT_S
            )
        await seat.greeted(lines=3)
        await person.until(lambda: not person.attribute("repartee.speaker"), limit_s=LIMIT_S)
        assert person.attribute("repartee.scenario") == "round"
        assert person.attribute("repartee.phase") == "talk"
        assert person.attribute("lk.agent.state") == "listening"
        assert json.loads(person.attribute("repartee.roster")) == [
            {"id": "ada", "name": "Ada Stone", "title": "chair"},
            {"id": "ben", "name": "Ben Marsh", "title": "treasurer"},
            {"id": "cleo", "name": "Cleo Hart", "title": "engineer"},
        ]
        shown = json.dumps([dict(person.agent().attributes), person.agent().metadata])
        assert "marmalade" not in shown + person.room.metadata
        assert "Careful with numbers" not in shown + person.room.metadata


async def _is_answered(seat: Seat, clip: str, language: str, words: str) -> None:
    """Speaks a recording; it comes back under the person's identity, and somebody answers it."""
    person, known = seat.person, len(seat.person.lines())
    await person.say(recording(clip, "fr" if language == "fr" else "en"))
    await person.until(lambda: len(person.lines()) > known, limit_s=LIMIT_S)
    own = [c for c in person.captions if c.sender == seat.ticket.identity and c.closed]
    assert own[-1].attributes["lk.transcription_final"] == "true"
    assert words in own[-1].text.casefold()
    (turn,) = [t for t in await seat.turns() if t["speaker"] == "learner"]
    assert turn["text"] == own[-1].text
    assert words in person.lines()[known].text.casefold()


async def test_spoken_french_is_understood_and_answered(house: House) -> None:
    async with seated(house, "tour") as seat:
        await seat.greeted()
        await _is_answered(seat, "conf-full", "fr", "conférence")


async def test_spoken_english_is_understood_and_answered(house: House) -> None:
    async with seated(house, "duo") as seat:
        await seat.greeted()
        await _is_answered(seat, "conf-full", "en", "conference")


async def test_m4_two_who_are_asked_at_once_answer_one_after_the_other(house: House) -> None:
    async with seated(house, "round") as seat:
        await seat.begun()
        await seat.reply_to("Cleo and Ben, what do you say?")
        await seat.person.until(lambda: seat.person.lines("ben"), limit_s=LIMIT_S)
        await seat.quiet()
        assert [line.persona for line in seat.person.lines()][-2:] == ["cleo", "ben"]
        assert heard_in_order(seat.person)[-2:] == ["cleo", "ben"]
        assert seat.person.overlap_s() <= MEASURED_S
        cast = [t for t in await seat.turns() if t["speaker"] != "learner"]
        assert [(t["speaker"], t["cut"]) for t in cast][-2:] == [("cleo", False), ("ben", False)]


async def test_m1_music_is_no_turn(house: House) -> None:
    t = np.arange(3 * RATE_HZ) / RATE_HZ
    swell = 0.05 * (1 + 0.5 * np.sin(np.pi * t))
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 277.2, 329.6)) * swell
    async with seated(house, "duo") as seat:
        await seat.greeted()
        await seat.person.say((chord * 32768).astype(np.int16))
        answer = await seat.reply_to("And now?")
        assert answer.persona in {"ada", "ben"}
        own = [c.text for c in seat.person.captions if not c.persona]
        told = [t["text"] for t in await seat.turns() if t["speaker"] == "learner"]
        assert own == []
        assert told == ["And now?"]


async def test_the_scene_stands_still_until_it_is_resumed(house: House) -> None:
    async with seated(house, "round") as seat:
        person = seat.person
        await person.until(lambda: person.heard.get("ada", Heard("")).at_s, limit_s=LIMIT_S)
        paused = await person.command("pause")
        assert paused["paused"] is True
        await seat.quiet()
        known = len(person.lines())
        assert known < 3
        await asyncio.sleep(1.0)
        assert (await person.command("state"))["elapsed_s"] == paused["elapsed_s"]
        assert len(person.lines()) == known
        assert (await person.command("resume"))["paused"] is False
        await seat.greeted(lines=3)
        assert [line.persona for line in person.lines()] == ["ada", "ben", "cleo"]


async def test_skip_goes_on_to_the_next_phase_and_then_to_the_closing(house: House) -> None:
    async with seated(house, "round") as seat:
        person = seat.person
        await seat.begun()
        assert (await person.command("state"))["phase"] == "talk"
        await person.command("skip")
        await person.until(lambda: seat.person.lines("ben"), limit_s=LIMIT_S)
        assert person.attribute("repartee.phase") == "wrap"
        state = await person.command("state")
        assert state == {
            "scenario": "round",
            "phase": "wrap",
            "elapsed_s": state["elapsed_s"],
            "duration_s": 3600,
            "turns": 0,
            "paused": False,
            "ended": False,
        }
        await person.command("skip")
        await seat.gone()
        assert person.lines()[-1].text == "That was the treasurer."
        assert (await seat.session())["status"] == "ended"


async def test_j5_tokens_that_nobody_uses_start_nothing(house: House) -> None:
    before = house.log("worker").count("received job request")
    tickets = [await house.mint("round") for _ in range(5)]
    await asyncio.sleep(1.0)
    assert house.log("worker").count("received job request") == before
    for ticket in tickets:
        with pytest.raises(aiohttp.ClientResponseError, match="404"):
            await house.call("GET", f"/api/sessions/{ticket.room}")
        assert ticket.room not in house.log("livekit")


async def test_j9_a_used_token_leads_to_no_silent_room(house: House) -> None:
    async with seated(house, "duo") as seat:
        await seat.begun()
        await seat.person.command("end")
        await seat.gone()
        turns = await seat.turns()
        async with Person(seat.ticket.server_url, seat.ticket.token) as again:
            await again.until(again.disconnected.is_set, limit_s=LIMIT_S)
        await exited(house, seat.ticket.room, jobs=2)
        assert await seat.turns() == turns
        assert (await seat.session())["end_reason"] == "learner"


async def test_s4_who_drops_and_comes_back_finds_the_same_scene(house: House) -> None:
    async with seated(house, "duo") as seat:
        await seat.begun()
        await seat.reply_to("Who pays, Ben?")
        await seat.person.room.disconnect()
        fresh = await house.mint("tour", room_name=seat.ticket.room)
        assert fresh.room == seat.ticket.room
        assert fresh.identity != seat.ticket.identity
        async with Person(fresh.server_url, fresh.token) as again:
            back = Seat(house, fresh, again)
            await again.until(lambda: again.attribute("repartee.phase"), limit_s=LIMIT_S)
            assert again.attribute("repartee.scenario") == "duo"
            await again.until(lambda: again.heard.get("ada"), limit_s=LIMIT_S)
            answer = await back.reply_to("Where were we, Ben?")
            assert answer.persona == "ben"
            assert (await again.command("state"))["turns"] == 2
            await again.command("end")
            await back.gone()
        told = [t["text"] for t in await seat.turns() if t["speaker"] == "learner"]
        assert told == ["Who pays, Ben?", "Where were we, Ben?"]
        assert (await seat.session())["status"] == "ended"


async def test_end_is_obeyed_in_the_greeting_and_while_the_scene_stands_still(
    house: House,
) -> None:
    async with seated(house, "round") as seat:
        person = seat.person
        await person.until(lambda: person.heard.get("ada", Heard("")).at_s, limit_s=LIMIT_S)
        await person.command("pause")
        await person.command("end")
        await seat.gone()
        turns = [(t["speaker"], t["text"], t["cut"]) for t in await seat.turns()]
        assert turns[-1] == ("ada", "Thank you for coming today.", False)
        assert [who for who, _, cut in turns[:-1] if not cut] == []
        assert person.lines()[-1].text == "Thank you for coming today."


async def test_a_session_that_is_ended_over_http_leaves_no_job_behind(house: House) -> None:
    mark = len(house.log("worker"))
    async with seated(house, "round") as seat:
        await seat.person.until(lambda: seat.person.heard, limit_s=LIMIT_S)
        await house.call("POST", f"{seat.path}/end")
        await seat.gone()
    told = await exited(house, seat.ticket.room, since=mark)
    assert "did not exit in time" not in told
    assert (await seat.session())["end_reason"] == "learner"
