"""Blocks become messages whose beginning stays the same."""

from itertools import permutations

from services.llm.prompts.compiler import Block, compile_prompt, stable_prefix
from services.llm.request import Message

RULES = Block("static", "system", "Rules.\n")
SCENE = Block("session", "system", "Scene.")
HEARD = Block("turn", "user", "Heard.")


def test_stable_blocks_come_first_whatever_order_they_came_in() -> None:
    expected = (Message("system", "Rules.\n\nScene."), Message("user", "Heard."))
    for blocks in permutations((RULES, SCENE, HEARD)):
        assert compile_prompt(blocks) == expected


def test_blocks_of_a_kind_keep_their_order() -> None:
    cue = Block("turn", "user", "Say it.")
    assert compile_prompt((HEARD, RULES, cue))[-1] == Message("user", "Heard.\n\nSay it.")


def test_a_system_block_of_the_turn_is_no_part_of_the_first_message() -> None:
    messages = compile_prompt((Block("turn", "system", "Now."), RULES))
    assert messages == (Message("system", "Rules."), Message("system", "Now."))


def test_roles_that_alternate_stay_apart() -> None:
    example = (Block("static", "user", "Q"), Block("static", "assistant", "A"))
    messages = compile_prompt((HEARD, RULES, *example))
    assert [one.role for one in messages] == ["system", "user", "assistant", "user"]


def test_blank_blocks_leave_no_message() -> None:
    assert compile_prompt((Block("static", "system", " \n"),)) == ()
    assert compile_prompt(()) == ()


def test_the_prefix_is_the_system_messages_at_the_head() -> None:
    messages = (Message("system", "a"), Message("system", "b"), Message("user", "c"))
    assert stable_prefix((*messages, Message("system", "d"))) == messages[:2]
    assert stable_prefix(()) == ()
