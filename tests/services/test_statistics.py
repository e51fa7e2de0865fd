"""Media statistics: what came, what went, how loud."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, sine

from voxrun.services.statistics import interval_seconds

SOURCE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.monitorMediaStatistics(%s);
  const show = (e) => Logger.write(JSON.stringify([e.in, e.out]));
  call.addEventListener(CallEvents.MediaStatisticsReceived, show);
  call.addEventListener(CallEvents.MessageReceived, () => call.monitorMediaStatistics({monitor: false}));
  call.addEventListener(CallEvents.Connected, () => call.say("hello"));
});
"""


@pytest.mark.covers("Call.monitorMediaStatistics", "CallEvents.MediaStatisticsReceived")
def test_media_statistics_come_every_interval_with_levels_and_packets() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SOURCE % "{monitor: true, interval: 5}")
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(sine(440, 10_000, dbfs=-20)))
        leg.remote.lose(3, jitter=12.34)
        await asyncio.sleep(10.1)
        heard, said = json.loads(stage.logs()[0])
        assert (heard["audioLevel"], heard["packetLoss"], heard["jitter"]) == (-20, 3, 12.3)
        assert abs(heard["numPackets"] - 250) <= 2
        assert -60 < said["audioLevel"] < -5
        assert said["numPackets"] == 15  # five characters of 60 ms
        later = json.loads(stage.logs()[1])
        assert len(stage.logs()) == 2
        assert later[1]["audioLevel"] == -100  # nothing was said in the second interval
        assert abs(later[0]["numPackets"] - 500) <= 2  # counted since the call began

    play(story)


def test_monitor_false_ends_them() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SOURCE % "{monitor: true, interval: 3}")
        await asyncio.sleep(3.5)
        leg.remote.message("off")
        await asyncio.sleep(10)
        assert len(stage.logs()) == 1

    play(story)


@pytest.mark.parametrize(("wanted", "seconds"), [(0, 10), (1, 3), (3, 3), (4.4, 4), (10, 10), (600, 10)])
def test_the_interval_is_three_to_ten_seconds(wanted: float, seconds: int) -> None:
    assert interval_seconds(wanted) == seconds
