"""Keeps programs running: what dies is started again, after growing pauses, with a printed line.

The death of a program is no event here but a state that `look` finds; so nothing can be missed.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from devtools.programs import Program, Running, end_group, start, stop

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# After this many seconds of life a program counts as well again, and its next pause is the first.
WELL_AFTER = 60.0


@dataclass(kw_only=True)
class Kept:
    program: Program
    running: Running | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float | None = None


@dataclass(kw_only=True)
class Keeper:
    _kept: dict[str, Kept] = field(default_factory=dict)

    def start(self, program: Program) -> Running:
        """Start it now and keep it from now on."""
        kept = self._kept[program.name] = Kept(program=program)
        return self._start(kept)

    def look(self) -> None:
        """Notice who died, and start again whose pause is over."""
        now = time.monotonic()
        for kept in self._kept.values():
            if kept.running is not None and (status := kept.running.poll()) is not None:
                end_group(kept.running.pid)
                if now - kept.started_at > WELL_AFTER:
                    kept.pause = FIRST_PAUSE
                self._pause(kept, f"ended ({_how(status)})")
            if kept.start_at is not None and now >= kept.start_at:
                try:
                    self._start(kept)
                except OSError as error:  # no memory, no process left: it may pass
                    self._pause(kept, f"does not start ({error})")

    def restart(self, name: str, *, because: str) -> None:
        kept = self._kept[name]
        if kept.running is not None:
            self._say(kept, f"{because}; starting it again")
            stop([(kept.running, kept.program.stop_signal)], patience=5)
            self._start(kept)

    def running_for(self, name: str) -> float:
        """Seconds since its last start; 0 while it is down."""
        kept = self._kept[name]
        return 0.0 if kept.running is None else time.monotonic() - kept.started_at

    def stop(self, *names: str, patience: float) -> None:
        """Stop these together, and keep them no longer."""
        kept = [self._kept.pop(name) for name in names if name in self._kept]
        stop([(k.running, k.program.stop_signal) for k in kept if k.running], patience=patience)

    def _start(self, kept: Kept) -> Running:
        kept.running = start(kept.program)
        kept.started_at, kept.start_at = time.monotonic(), None
        return kept.running

    def _pause(self, kept: Kept, why: str) -> None:
        self._say(kept, f"{why}, starts again in {kept.pause:.0f} s")
        kept.running, kept.start_at = None, time.monotonic() + kept.pause
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)

    def _say(self, kept: Kept, what: str) -> None:
        print(f"{kept.program.name} {what}. Its log: {kept.program.log}", flush=True)


def last_lines(log: Path, *, count: int = 15) -> str:
    """The end of a log, for the terminal when a program did not start."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
