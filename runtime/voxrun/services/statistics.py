"""monitorMediaStatistics: MediaStatisticsReceived{in, out} every few seconds.

``in`` is what comes from the far end, ``out`` what it is sent. Each has ``audioLevel`` (dBFS, of the time
since the report before), ``jitter`` (ms), ``numPackets`` and ``packetLoss`` (packets since the call began).
"""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import power_to_dbfs, samples
from voxrun.media.runs import Run
from voxrun.services.call import CallState

LEAST_SECONDS = 3
MOST_SECONDS = 10


class Meter(Sink):
    """The level of what passes."""

    def __init__(self) -> None:
        super().__init__()
        self._energy = 0.0
        self._samples = 0

    def write(self, frame: bytes, source: Source) -> None:
        self._samples += len(frame) // 2
        if frame is not SILENCE:
            values = samples(frame).astype(np.float64)
            self._energy += float(np.dot(values, values))

    def room(self, run: Run, source: Source) -> int:
        return run.count

    def write_run(self, run: Run, source: Source) -> None:
        for frame in run.frames():
            self.write(frame, source)

    def read(self) -> float:
        """dBFS since the reading before, to a tenth."""
        level = power_to_dbfs(self._energy / self._samples if self._samples else 0.0)
        self._energy, self._samples = 0.0, 0
        return round(level, 1)


class StatisticsReport:
    """Reports of one call from now until ``stop``."""

    def __init__(self, call: CallState, seconds: int) -> None:
        self._call = call
        self._seconds = seconds
        self._heard, self._said = Meter(), Meter()
        call.audio.connect(self._heard)
        call.sink.taps.append(self._said)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._report)

    def stop(self) -> None:
        self._timer.cancel()
        self._call.audio.disconnect(self._heard)
        if self._said in self._call.sink.taps:
            self._call.sink.taps.remove(self._said)

    def _report(self) -> None:
        counts = self._call.leg.counts()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._report)
        self._call.send(
            "MediaStatisticsReceived",
            **{
                "in": _sample(self._call, self._heard, counts.received, counts.lost, counts.jitter),
                "out": _sample(self._call, self._said, counts.sent, counts.lost_far, counts.jitter_far),
            },
        )


def _sample(call: CallState, meter: Meter, packets: int, lost: int, jitter: float) -> dict[str, Any]:
    return {
        "id": call.id,
        "audioLevel": meter.read(),
        "jitter": round(jitter, 1),
        "numPackets": packets,
        "packetLoss": lost,
    }


def interval_seconds(wanted: float) -> int:
    """The platform takes 3 to 10 s; 0 is for who did not say."""
    return round(min(MOST_SECONDS, max(LEAST_SECONDS, wanted))) if wanted else MOST_SECONDS
