"""Where the trials of one run take place: their folders, their bodies, their pace.

Bodies and journals with a past are made once a run and used by all trials that need the same ones,
each of which starts in a folder of its own, which is empty before and gone after it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.bench import corpus
from tests.bench.case import CHAIN, RELAY, Case, Work
from tests.bench.child import BenchError, Cores
from tests.bench.contender import SERVICES
from tests.bench.figure import values
from tests.bench.measurement import Measurement
from tests.bench.prefill import prefill
from tests.bench.report import Result
from tests.bench.trial import Bodies, Observer, Trial, chain, unobserved

SEED = 20_260_101


class Stage:
    """See the module docstring; everything that is in `folder` because of it goes in the end."""

    def __init__(self, folder: Path, cores: Cores) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._cores = cores
        self._held = TemporaryDirectory(dir=folder, prefix="stock-")
        self._stock = Path(self._held.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.cleanup()

    def trial(
        self,
        case: Case,
        contender: str,
        events_per_s: float | None = None,
        observer: Observer = unobserved,
    ) -> Measurement:
        """Do one trial."""
        with TemporaryDirectory(dir=self._folder, prefix=f"{contender}-") as name:
            folder = Path(name)
            if contender == CHAIN:
                return chain(case, self._bodies(case, case.relay), self._cores, folder)
            service = SERVICES[contender]
            work = service.work(case)
            assert work is not None, case
            prefill(case, self._stock, folder / "relay.db")
            trial = Trial(case, service, self._cores, folder, events_per_s)
            return trial.measure(self._bodies(case, work), work, observer)

    def rate(self, case: Case, results: Mapping[str, Result]) -> float | None:
        """Return the events a second of an open loop, by the latest of the case it refers to."""
        if case.pace is None:
            return None
        found = values(results[case.pace.of].of(RELAY), "events_per_s")
        if not found:
            raise BenchError(f"{case.name} needs a trial of {case.pace.of} before")
        return found[-1] * case.pace.share

    def _bodies(self, case: Case, work: Work) -> Bodies:
        """Return the bodies of a contender, written when first asked for; all events differ."""
        name = f"{case.body_events}-{work.warm_up_events}-{work.events}"
        bodies = Bodies(self._stock / f"{name}.warm-up", self._stock / f"{name}.measured")
        if not bodies.measured.exists():
            events = corpus.Shop(SEED, datetime.now(UTC)).events(work.warm_up_events + work.events)
            warm_up = islice(events, work.warm_up_events)
            corpus.write(bodies.warm_up, corpus.bodies(warm_up, case.body_events))
            corpus.write(bodies.measured, corpus.bodies(events, case.body_events))
        return bodies
