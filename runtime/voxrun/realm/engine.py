"""QuickJS, and the only place that knows it: no object of the engine leaves this module.

An ``Engine`` is one JavaScript context with a budget of CPU time, a memory limit and a stack limit.
It belongs to the thread that made it: using or dropping it on another one is a segfault, so ``close``
is called there too. The thread's stack must be at least ``THREAD_STACK`` bytes.

CPU time is that of the thread, and one budget covers everything between ``arm`` and ``disarm``, however
many evaluations, calls and pending jobs that is.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any, Final

import quickjs

from voxrun.realm.native import TAG_UNINITIALIZED, InterruptHandler, JSValue, Native, RejectionTracker

STACK_LIMIT: Final = 4 << 20
"""Bytes of C stack JavaScript may use: about 2,400 nested calls."""

THREAD_STACK: Final = 16 << 20
"""Bytes of stack a thread needs to run an engine."""

SCRIPT_NAME: Final = "<scenario>"
"""What the engine calls a scenario script in stacks, where it can be told; everything else is "<input>"."""

OWN_NAME: Final = "<input>"

JOBS_BETWEEN_CHECKS: Final = 32
"""Pending jobs run between two looks at the clock; each is far below a millisecond or interrupts itself."""


JOBS_WITHOUT_END: Final = "jobs without an end"
"""Message of the EngineError for a budget that was spent between two pending jobs."""


class EngineError(Exception):
    """JavaScript stopped. ``kind``: "cpu", "memory", "stack" or "exception"; ``stack``: engine positions."""

    def __init__(self, kind: str, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.stack = stack


def _load_native() -> Native | None:
    try:
        return Native()
    except (AttributeError, OSError):
        return None


NATIVE: Final = _load_native()


class Engine:
    """One JavaScript context."""

    def __init__(self, *, native: Native | None = NATIVE) -> None:
        self._context: Any = quickjs.Context()
        # An engine that is dropped or left over at exit must not be freed by whatever thread comes along.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._context))
        self._context.set_max_stack_size(STACK_LIMIT)
        self._hooks: dict[str, Any] = {}
        self._native = native
        self._runtime = self._js_context = 0
        self._values: dict[str, JSValue] = {}
        self._callbacks: list[Any] = []
        self._deadline = float("inf")
        self._interrupted = False
        if native is not None:
            self._runtime, self._js_context = native.pointers(self._context)
            self._install_interrupts(native)

    @property
    def script_marker(self) -> str:
        """What precedes line:column of a scenario script in this engine's stacks."""
        return f"{OWN_NAME if self._native is None else SCRIPT_NAME}:"

    # -- evaluation

    def load(self, source: str, line: int) -> None:
        """Evaluate a platform file at ``line`` for its effect; raises EngineError."""
        try:
            self._context.eval("\n" * (line - 1) + source)
        except quickjs.JSException as error:
            raise self._told(error) from None

    def load_own(self, source: str, line: int) -> None:
        """The same for a file that every realm loads: it is compiled only once in a process."""
        if self._native is None or not self._native.run_own(self._js_context, source, OWN_NAME, line):
            self.load(source, line)  # which says what is wrong, if that is why

    def take_hooks(self, names: tuple[str, ...], holder: str) -> None:
        """Keep functions of the object in global ``holder`` and delete the global."""
        top = self._context.eval(holder)
        for name in names:
            self._hooks[name] = self._context.eval(f"{holder}.{name}")
            if self._native is not None and name in ("rejection", "thrown"):
                self._context.set("__hook", self._hooks[name])
                self._values[name] = self._native.global_property(self._js_context, "__hook")
        del top
        self._context.eval(f"delete globalThis.{holder}; delete globalThis.__hook; undefined")
        if self._native is not None:
            self._install_tracker(self._native)

    def call(self, hook: str, *arguments: str | bool) -> Any:
        """Call a hook; its result is a primitive. Raises EngineError when JavaScript was interrupted."""
        try:
            return self._hooks[hook](*arguments)
        except quickjs.JSException as error:
            raise self._told(error) from None

    def run_script(self, source: str, line: int) -> None:
        """Evaluate a scenario script in the global scope at ``line``. What it throws goes to "thrown".

        Raises EngineError when it was interrupted.
        """
        native = self._native
        if native is None:
            self.load(source, line)
            return
        thrown = native.evaluate(self._js_context, source, SCRIPT_NAME, line)
        if thrown is None:
            return
        try:
            if self.expired():
                raise EngineError(
                    "cpu", "interrupted", native.text_property(self._js_context, thrown, "stack")
                )
            if thrown.tag == TAG_UNINITIALIZED:  # there was not even memory for an error
                raise EngineError("memory", "out of memory")
            if not native.call(self._js_context, self._values["thrown"], thrown):
                raise EngineError("cpu" if self.expired() else "memory", "an error that could not be read")
        finally:
            native.lib.JS_FreeValue(self._js_context, thrown)

    def run_jobs(self) -> None:
        """Run pending jobs until there is none. Raises EngineError when the budget is spent."""
        execute = self._context.execute_pending_job
        try:
            while True:
                for _ in range(JOBS_BETWEEN_CHECKS):
                    if not execute():
                        self._check_expired()
                        return
                self._check_expired()
        except quickjs.JSException as error:
            raise self._told(error) from None

    # -- limits

    def arm(self, seconds: float) -> None:
        """Give a budget of CPU time from now on."""
        self._interrupted = False
        self._deadline = time.thread_time() + seconds
        if self._native is None:
            self._context.set_time_limit(seconds)

    def expired(self) -> bool:
        """True once the budget is spent."""
        return self._interrupted or time.thread_time() >= self._deadline

    def _check_expired(self) -> None:
        if self.expired():
            raise EngineError("cpu", JOBS_WITHOUT_END)
        if self._native is None:
            self._context.set_time_limit(max(1e-4, self._deadline - time.thread_time()))

    def memory_used(self) -> int:
        """Bytes of heap in use."""
        return int(self._context.memory()["malloc_size"])

    def set_memory_limit(self, limit: int) -> None:
        """Let the heap grow to ``limit`` bytes in all."""
        self._context.set_memory_limit(limit)

    def collect(self) -> None:
        """Collect garbage cycles of JavaScript.

        The binding's own way collects all of Python's with them: 30 ms in a process with much in it.
        """
        if self._native is None:
            self._context.gc()
        else:
            self._native.lib.JS_RunGC(self._runtime)

    def close(self) -> None:
        """Free everything. On the engine's own thread; idempotent."""
        if self._context is None:
            return
        native = self._native
        if native is not None:
            native.lib.JS_SetHostPromiseRejectionTracker(self._runtime, RejectionTracker(), None)
            native.lib.JS_SetInterruptHandler(self._runtime, InterruptHandler(), None)
            for value in self._values.values():
                native.lib.JS_FreeValue(self._js_context, value)
        self._values.clear()
        self._hooks.clear()
        context, self._context = self._context, None
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(context))
        self._callbacks.clear()

    def current_stack(self) -> str:
        """Where JavaScript is right now; "" when that cannot be told."""
        if self._native is None or self._context is None:
            return ""
        return self._native.current_stack(self._js_context)

    # -- inside

    def _install_interrupts(self, native: Native) -> None:
        def interrupt(_runtime: int, _opaque: int) -> int:
            if time.thread_time() < self._deadline:
                return 0
            self._interrupted = True
            return 1

        handler = InterruptHandler(interrupt)
        self._callbacks.append(handler)
        native.lib.JS_SetInterruptHandler(self._runtime, handler, None)

    def _install_tracker(self, native: Native) -> None:
        note = self._values["rejection"]
        yes, no = JSValue(1, 1), JSValue(0, 1)

        def track(context: int, promise: JSValue, reason: JSValue, handled: bool, _opaque: int) -> None:
            native.call(context, note, promise, reason, yes if handled else no)

        tracker = RejectionTracker(track)
        self._callbacks.append(tracker)
        native.lib.JS_SetHostPromiseRejectionTracker(self._runtime, tracker, None)

    def _told(self, error: Exception) -> EngineError:
        """What the binding raised, in our words."""
        message, stack = _split(str(error))
        if isinstance(error, quickjs.StackOverflow):
            return EngineError("stack", message, stack)
        if "interrupted" in message and self.expired():
            return EngineError("cpu", message, stack)
        if "out of memory" in message or message in ("null", ""):
            return EngineError("memory", message, stack)
        return EngineError("exception", message, stack)


def _split(text: str) -> tuple[str, str]:
    """The message and the stack of the text that the binding makes of an exception."""
    message, _, stack = text.partition("\n    at ")
    return message.strip(), "    at " + stack if stack else ""


def self_test() -> list[tuple[str, bool, str]]:
    """(what, whether it holds, detail) for each promise of the engine that the realm relies on."""
    from voxrun.realm import selftest  # it needs the whole realm

    return selftest.self_test()
