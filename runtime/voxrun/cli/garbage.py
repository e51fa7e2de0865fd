"""Python's garbage collector, out of the way of the start and of audio.

While modules are imported it walks over everything again and again and finds next to nothing: a fifth of the
start. Later a full collection walks over all those modules once more, 40 ms in which no audio flows.
"""

from __future__ import annotations

import gc


def pause() -> None:
    """No collections while everything is being read."""
    gc.disable()


def settle() -> None:
    """Collections again, over what comes from now on: what the start has made stays, and is not looked at.

    Not even once: the start leaves not a hundred objects to collect, and the first call would wait 40 ms.
    """
    gc.freeze()
    gc.enable()
