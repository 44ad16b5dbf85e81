"""An observer that keeps what it was told."""

from services.llm.entry import LedgerEntry
from services.llm.outcome import Outcome
from services.llm.request import Request


class FakeObserver:
    """`events` holds `(name, labels)` in order, `entries` the ids that were booked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Request, Outcome]] = []
        self.entries: list[str] = []
        self.events: list[tuple[str, dict[str, str]]] = []

    def call(self, request: Request, outcome: Outcome) -> None:
        self.calls.append((request, outcome))

    def entry(self, entry: LedgerEntry) -> None:
        self.entries.append(entry.id)

    def event(self, name: str, **labels: str) -> None:
        self.events.append((name, labels))

    def named(self, name: str) -> list[dict[str, str]]:
        """The labels of every event of that name."""
        return [labels for told, labels in self.events if told == name]
