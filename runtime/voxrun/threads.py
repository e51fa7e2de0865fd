"""Threads of libraries that would do more harm than good."""

from __future__ import annotations

import os


def one_each() -> None:
    """Numpy's BLAS computes with one thread, in this process and those it starts: to be called before numpy
    is imported, and left alone where somebody has decided already.

    Its threads spin while they wait for work. Our matrices are small: on two cores the spinning takes as
    much time as everything else that a call in virtual time does.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
