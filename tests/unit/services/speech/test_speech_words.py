"""Text on its way to a voice, and guesses on their way from an ear."""

import pytest

from services.speech.spoken import MAX_CHARS, longest_s, plain
from services.speech.transcripts import Guess, Verdict, is_stock_phrase, judge, repeats


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("[[h@'l@U]] bonjour", "h@'l@U bonjour"),
        ('Un <break time="10h"/> deux', "Un deux"),
        ("<speak><prosody rate='9'>vite</prosody></speak>", "vite"),
        ("\x01250P plus haut", "250P plus haut"),
        ("**Bonjour** _à tous_ `ls`", "Bonjour à tous ls"),
        ("deux\u2028lignes\n\tet une\x00", "deux lignes et une"),
        ("tag\U000e0041 et \u202einverse", "tag et inverse"),
        ("3 < 4 et 5 > 2", "3 4 et 5 2"),
        ("« L’été, ça va ? »", "« L’été, ça va ? »"),
        ("…", ""),
        ("\ud800", ""),
    ],
)
def test_p9_nothing_in_the_text_commands_an_engine(text: str, spoken: str) -> None:
    assert plain(text) == spoken


def test_m8_a_line_is_bounded_in_text_and_in_seconds() -> None:
    assert len(plain("mot " * 5000)) <= MAX_CHARS
    assert longest_s("x" * 100, 1.0) == pytest.approx(29.0)
    assert longest_s("x" * 100, 0.5) == pytest.approx(54.0)


def guess(text: str, *, logprob: float = -0.4, no_speech: float = 0.05, s: float = 4.0) -> Guess:
    return Guess(text=text, mean_logprob=logprob, no_speech_ratio=no_speech, audio_s=s)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (guess("Bonsoir, Madame la ministre."), Verdict.ACCEPT),
        (guess("Oui.", logprob=-1.3, s=0.8), Verdict.ACCEPT),
        (guess("To lock the conference.", logprob=-0.66, no_speech=0.43), Verdict.ACCEPT),
        (guess("Je vous invite à vous faire une vidéo.", logprob=-1.8, no_speech=0.7),
         Verdict.NOTHING),
        (guess("... ... ...", logprob=-0.3), Verdict.NOTHING),
        (guess(""), Verdict.NOTHING),
        (guess("Sous-titres réalisés par la communauté d'Amara.org"), Verdict.NOTHING),
        (guess("Thank you for watching!"), Verdict.NOTHING),
        (guess("Simil Sim Sim Sim Sim Sim Sim"), Verdict.RETRY),
        (guess("un mot " * 40, s=2.0), Verdict.RETRY),
        (guess("Simil", logprob=-1.93, no_speech=0.0), Verdict.RETRY),
    ],
)  # fmt: skip
def test_m1_noise_loops_and_stock_phrases_are_not_speech(found: Guess, verdict: Verdict) -> None:
    assert judge(found) is verdict


def test_emphasis_is_not_a_loop() -> None:
    assert not repeats("non, non, non, je ne signerai pas")
    assert repeats("de la tour de la tour de la tour de la tour")


def test_a_person_may_say_thanks() -> None:
    assert not is_stock_phrase("Merci beaucoup.")
    assert not is_stock_phrase("Thank you.")
