"""Handles one request, from its bytes to its answer: reads it, asks the script, answers, records.

Nothing here touches a socket: `relay.sandbox.server` receives the request and carries out the
outcome. So everything but the wire can be tested without one.
"""

import random
from collections.abc import Callable, Mapping

import msgspec

from relay.sandbox.answer import PlatformName
from relay.sandbox.credential import Gate
from relay.sandbox.inbox import Inbox
from relay.sandbox.pinterest.emulator import Pinterest
from relay.sandbox.platform import Call, Ending, Platform, Reading, Reply, nobody
from relay.sandbox.playback import Asked, Playback
from relay.sandbox.scenario import scenario
from relay.sandbox.scripts import Action, ScriptFile, answer_of
from relay.sandbox.style import Style
from relay.sandbox.tiktok.emulator import TikTok

_NO_ACTION = Action()


class Outcome(msgspec.Struct, frozen=True):
    """What the sender of a request gets after `delay_s`, and how the connection ends."""

    reply: Reply
    delay_s: float
    action: Action


class Exchange:
    """Both platforms, the script that is running, and the inbox."""

    def __init__(
        self, *, gate: Gate, style: Style, clock: Callable[[], float], dice: random.Random
    ) -> None:
        self.inbox = Inbox()
        self.scenario_name = "ok"
        self.style = style
        self.gate = gate
        self._clock = clock
        self._dice = dice
        self._platforms = self._platforms_in(style)
        self.playback = Playback((), clock, dice)

    def run_scenario(self, name: str) -> None:
        """Replace the running script by a scenario. Raises `ConfigError` if there is none."""
        self.run_script(scenario(name), name=name)

    def run_script(self, script: ScriptFile, *, name: str = "script") -> None:
        """Replace the running script; its counts and its time start from zero."""
        self.playback = Playback(script.steps, self._clock, self._dice)
        self.scenario_name = name

    def use_style(self, style: Style) -> None:
        """Answer in another style from now on; this also restarts the platforms' rate windows."""
        self.style = style
        self._platforms = self._platforms_in(style)

    def handle(self, platform_name: PlatformName, call: Call) -> Outcome:
        """Record the request, and return what its sender gets."""
        received_at = self._clock()
        platform = self._platforms[platform_name]
        reading = platform.read(call)
        ids = [finding.event_id for finding in reading.findings]
        played = self.playback.play(Asked(platform_name, reading.account, ids))
        action = played.action if played else _NO_ACTION
        ending = _ending(platform, reading, action, played.reset_s if played else None)
        self.inbox.record(
            platform_name,
            reading,
            ending,
            received_at=received_at,
            step=played.index if played else None,
            broken=action.breaks,
            recorded=action.recorded,
        )
        return Outcome(ending.reply, self.playback.wait_s(action), action)

    def _platforms_in(self, style: Style) -> Mapping[PlatformName, Platform]:
        return {
            "pinterest": Pinterest(self.gate, style, self._clock),
            "tiktok": TikTok(self.gate, style, self._clock, self._dice),
        }


def _ending(platform: Platform, reading: Reading, action: Action, reset_s: float | None) -> Ending:
    answer = answer_of(action, platform.name)
    if answer is not None:
        return platform.act(answer, reading, reset_s)
    return platform.judge(reading, action.refuse or nobody)
