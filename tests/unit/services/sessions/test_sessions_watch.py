"""The watcher's judgement over scripted rooms, second by second."""

from datetime import UTC, datetime, timedelta

from services.sessions.watch import (
    Action,
    Delete,
    Dispatch,
    Remove,
    Sight,
    Status,
    Tell,
    Watched,
    decide,
)

ROOM = "s-" + "0" * 32
T0 = datetime(2026, 11, 21, tzinfo=UTC)


class Story:
    """A room told second by second; remembers what was done when."""

    def __init__(self) -> None:
        self.memory: Watched | None = None
        self.now_s = 0
        self.done: list[tuple[int, Action]] = []

    def pass_s(self, seconds: int, **sight: object) -> None:
        """`beating=True` lets the job write each second."""
        beating = sight.pop("beating", False)
        for _ in range(seconds):
            if beating:
                sight["beat_at"] = T0 + timedelta(seconds=self.now_s)
            look = Sight(room=ROOM, **{"people": 1, **sight})  # type: ignore[arg-type]
            self.memory, actions = decide(look, self.memory, float(self.now_s))
            self.done += [(self.now_s, action) for action in actions]
            self.now_s += 1

    def at(self, kind: type[Action]) -> list[int]:
        return [when for when, action in self.done if isinstance(action, kind)]

    def told(self) -> list[Status]:
        return [action.status for _, action in self.done if isinstance(action, Tell)]


def test_a_served_room_is_left_alone() -> None:
    story = Story()
    story.pass_s(2)
    story.pass_s(100, agents=("agent-a",), beating=True)
    assert story.done == []


def test_s1_a_person_alone_for_10_s_is_told_and_an_agent_is_asked_for() -> None:
    story = Story()
    story.pass_s(11)
    assert story.done == [
        (10, Tell(room=ROOM, status=Status.NO_AGENT)),
        (10, Dispatch(room=ROOM)),
    ]


def test_s2_three_missed_beats_remove_the_ghost_and_dispatch_again() -> None:
    story = Story()
    story.pass_s(5, agents=("agent-a",), beating=True)
    story.pass_s(4, agents=("agent-a",), beat_at=T0 + timedelta(seconds=4))
    assert story.done == [
        (7, Tell(room=ROOM, status=Status.AGENT_LOST)),
        (7, Remove(room=ROOM, agents=("agent-a",))),
        (7, Dispatch(room=ROOM)),
    ]


def test_s2_a_new_job_that_beats_is_announced_once() -> None:
    story = Story()
    story.pass_s(5, agents=("agent-a",), beating=True)
    story.pass_s(4, agents=("agent-a",), beat_at=T0 + timedelta(seconds=4))
    story.pass_s(20, agents=("agent-b",), beating=True)
    assert story.told() == [Status.AGENT_LOST, Status.AGENT_BACK]
    assert story.at(Dispatch) == [7]


def test_a_job_that_opens_its_scene_slowly_is_given_10_s_for_its_second_beat() -> None:
    story = Story()
    story.pass_s(2)
    story.pass_s(9, agents=("agent-a",), job="slow", beat_at=T0)
    assert story.done == []
    story.pass_s(2, agents=("agent-a",), job="slow", beat_at=T0)
    assert story.told() == [Status.AGENT_LOST]


def test_every_agent_is_removed_so_that_no_voice_doubles() -> None:
    story = Story()
    story.pass_s(4, agents=("agent-a", "agent-b"), beat_at=T0)
    assert (3, Remove(room=ROOM, agents=("agent-a", "agent-b"))) in story.done


def test_dispatches_repeat_quickly_at_first_then_slower() -> None:
    story = Story()
    story.pass_s(60)
    assert story.at(Dispatch) == [10, 12, 14, 16, 18, 20, 25, 30, 40, 50]
    assert story.told() == [Status.NO_AGENT]


def test_s1_after_a_minute_without_a_cast_the_room_is_given_up_and_deleted() -> None:
    story = Story()
    story.pass_s(76)
    assert story.told() == [Status.NO_AGENT, Status.FAILED]
    assert story.at(Delete) == [75]
    assert max(story.at(Dispatch)) < 70


def lost_and_back(story: Story, calm_s: int) -> None:
    story.pass_s(4, agents=("agent-a",), beat_at=T0 + timedelta(seconds=story.now_s))
    story.pass_s(calm_s, agents=("agent-a",), beating=True)


def test_s7_a_scene_that_kills_every_cast_is_given_up_at_the_fifth_loss() -> None:
    story = Story()
    for _ in range(5):
        lost_and_back(story, 3)
    assert story.told().count(Status.AGENT_BACK) == 4
    assert story.told()[-1] is Status.FAILED


def test_losses_far_apart_never_add_up() -> None:
    story = Story()
    for _ in range(8):
        lost_and_back(story, 40)
    assert Status.FAILED not in story.told()
    assert story.told().count(Status.AGENT_BACK) == 8


def test_an_agent_that_never_beats_counts_as_absent() -> None:
    story = Story()
    story.pass_s(11, agents=("agent-a",))
    assert story.at(Remove) == [10]


def test_a_job_that_beats_without_being_in_the_room_is_replaced_after_10_s() -> None:
    story = Story()
    story.pass_s(5, agents=("agent-a",), beating=True)
    story.pass_s(11, beating=True)
    assert story.at(Dispatch) == [14]


def test_a_clock_an_hour_behind_does_not_make_a_cast_look_dead() -> None:
    story = Story()
    for second in range(30):
        story.pass_s(1, agents=("agent-a",), beat_at=T0 - timedelta(hours=1, seconds=-second))
    assert story.done == []


def test_an_empty_room_is_the_servers_own_business() -> None:
    story = Story()
    story.pass_s(30, people=0, agents=("agent-a",), beat_at=T0)
    assert story.done == []
    assert story.memory is None


def test_s1_a_zombie_room_of_an_ended_session_is_deleted_after_5_s() -> None:
    story = Story()
    story.pass_s(6, ended=True, beat_at=T0)
    assert story.done == [(5, Delete(room=ROOM))]


def test_a_cast_still_speaking_its_closing_is_not_cut_off() -> None:
    story = Story()
    story.pass_s(30, ended=True, agents=("agent-a",), beating=True)
    assert story.done == []


def test_nobody_is_dispatched_into_an_ended_session() -> None:
    story = Story()
    story.pass_s(5, agents=("agent-a",), beating=True)
    story.pass_s(20, agents=("agent-a",), ended=True, beat_at=T0 + timedelta(seconds=4))
    assert story.at(Dispatch) == []
    assert story.at(Delete)
