"""The few functions of the QuickJS library that its Python binding does not offer, called by ctypes.

The wheel of ``quickjs-ng`` exports the whole C interface of the engine. What is used of it:

- ``JS_SetHostPromiseRejectionTracker``: rejections nobody handles;
- ``JS_SetInterruptHandler``: a time limit that counts the CPU time of one *thread* (the binding's own
  counts the whole process, so that a busy neighbour thread makes it fire early);
- ``JS_Eval2``: evaluation at a line number, whose exception is described inside JavaScript (the binding
  turns an exception into text outside every limit, where a hostile ``toString`` hangs);
- ``JS_WriteObject`` and ``JS_ReadObject``: a script of ours is compiled once in a process, and each further
  realm reads the bytecode: a quarter of the time, for compiling is most of what a realm costs;
- ``JS_RunGC``: garbage of JavaScript alone (the binding collects all of Python's with it);
- ``JS_ThrowInternalError`` with ``JS_GetException``: where JavaScript is right now.

A ``JSValue`` is 16 bytes on every 64-bit platform of the wheel: a payload and a tag. Bytecode never leaves
the process: the engine believes it without a check.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import _quickjs

TAG_EXCEPTION = 6
TAG_UNDEFINED = 3
TAG_UNINITIALIZED = 4
EVAL_GLOBAL = 0
EVAL_COMPILE_ONLY = 1 << 5
BYTECODE = 1
"""``JS_WRITE_OBJ_BYTECODE`` and ``JS_READ_OBJ_BYTECODE``; names, lines and sources stay in it."""
_STRING_TAGS = (-7, -6)  # a string, and a rope of strings

_OBJECT_HEAD = object.__basicsize__


class JSValue(ctypes.Structure):
    """A JavaScript value: owned by whoever got it, freed with ``JS_FreeValue``."""

    _fields_ = (("payload", ctypes.c_int64), ("tag", ctypes.c_int64))

    payload: int
    tag: int


class EvalOptions(ctypes.Structure):
    """``JSEvalOptions`` version 1."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("filename", ctypes.c_char_p),
        ("line", ctypes.c_int),
    )


RejectionTracker = ctypes.CFUNCTYPE(None, ctypes.c_void_p, JSValue, JSValue, ctypes.c_bool, ctypes.c_void_p)
InterruptHandler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def _bind() -> ctypes.CDLL:
    lib = ctypes.CDLL(_quickjs.__file__)
    pointer, value, text = ctypes.c_void_p, JSValue, ctypes.c_char_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "JS_GetRuntime": (pointer, [pointer]),
        "JS_FreeValue": (None, [pointer, value]),
        "JS_GetException": (value, [pointer]),
        "JS_GetGlobalObject": (value, [pointer]),
        "JS_GetPropertyStr": (value, [pointer, value, text]),
        "JS_Call": (value, [pointer, value, value, ctypes.c_int, ctypes.POINTER(JSValue)]),
        "JS_ToCStringLen2": (pointer, [pointer, ctypes.POINTER(ctypes.c_size_t), value, ctypes.c_bool]),
        "JS_FreeCString": (None, [pointer, pointer]),
        "JS_ThrowInternalError": (value, [pointer, text]),
        "JS_Eval2": (value, [pointer, text, ctypes.c_size_t, ctypes.POINTER(EvalOptions)]),
        "JS_WriteObject": (pointer, [pointer, ctypes.POINTER(ctypes.c_size_t), value, ctypes.c_int]),
        "JS_ReadObject": (value, [pointer, text, ctypes.c_size_t, ctypes.c_int]),
        "JS_EvalFunction": (value, [pointer, value]),
        "js_free": (None, [pointer, pointer]),
        "JS_SetHostPromiseRejectionTracker": (None, [pointer, RejectionTracker, pointer]),
        "JS_SetInterruptHandler": (None, [pointer, InterruptHandler, pointer]),
        "JS_UpdateStackTop": (None, [pointer]),
        "JS_RunGC": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib


class Native:
    """The library, bound. Raises AttributeError or OSError where the wheel exports less than we need."""

    def __init__(self) -> None:
        if struct.calcsize("P") != 8:
            raise OSError("the engine's values have another layout on 32-bit platforms")
        self.lib = _bind()
        self._compiled: dict[tuple[str, int], bytes] = {}

    def pointers(self, context: Any) -> tuple[int, int]:
        """(runtime, context) behind a binding's Context: the two words after the Python object head.

        Raises OSError if the words do not look like pointers that belong together.
        """
        words = (ctypes.c_uint64 * 2).from_address(id(context) + _OBJECT_HEAD)
        runtime, js_context = int(words[0]), int(words[1])
        for word in (runtime, js_context):
            if word == 0 or word % 8 or word >= 1 << 57:
                raise OSError("the binding keeps its context elsewhere than expected")
        if self.lib.JS_GetRuntime(js_context) != runtime:
            raise OSError("the binding's runtime and context do not belong together")
        return runtime, js_context

    def property(self, js_context: int, owner: JSValue, name: str) -> JSValue:
        """A property, owned by the caller."""
        value: JSValue = self.lib.JS_GetPropertyStr(js_context, owner, name.encode())
        return value

    def global_property(self, js_context: int, name: str) -> JSValue:
        """A property of the global object, owned by the caller."""
        top = self.lib.JS_GetGlobalObject(js_context)
        value = self.property(js_context, top, name)
        self.lib.JS_FreeValue(js_context, top)
        return value

    def call(self, js_context: int, function: JSValue, *arguments: JSValue) -> bool:
        """Call a function for its effect; False if it threw (the exception is dropped)."""
        array = (JSValue * max(1, len(arguments)))(*arguments)
        result = self.lib.JS_Call(js_context, function, JSValue(0, TAG_UNDEFINED), len(arguments), array)
        return self._done(js_context, result, free=True)

    def evaluate(self, js_context: int, source: str, name: str, line: int) -> JSValue | None:
        """Run a script in the global scope; its exception (owned by the caller), or None."""
        data = source.encode("utf-8", "surrogatepass")
        options = EvalOptions(1, EVAL_GLOBAL, name.encode(), line)
        result = self.lib.JS_Eval2(js_context, data, len(data), ctypes.byref(options))
        if result.tag == TAG_EXCEPTION:
            thrown: JSValue = self.lib.JS_GetException(js_context)
            return thrown
        self.lib.JS_FreeValue(js_context, result)
        return None

    def run_own(self, js_context: int, source: str, name: str, line: int) -> bool:
        """Evaluate a script of ours, compiled once in this process; False where that does not go."""
        code = self._compiled.get((source, line))
        if code is None:
            code = self._compile(js_context, source, name, line)
            if code is None:
                return False
            self._compiled[source, line] = code
        function = self.lib.JS_ReadObject(js_context, code, len(code), BYTECODE)
        return self._done(js_context, function) and self._done(
            js_context, self.lib.JS_EvalFunction(js_context, function), free=True
        )

    def _compile(self, js_context: int, source: str, name: str, line: int) -> bytes | None:
        data = source.encode("utf-8", "surrogatepass")
        options = EvalOptions(1, EVAL_GLOBAL | EVAL_COMPILE_ONLY, name.encode(), line)
        function = self.lib.JS_Eval2(js_context, data, len(data), ctypes.byref(options))
        if not self._done(js_context, function):
            return None
        size = ctypes.c_size_t()
        code = self.lib.JS_WriteObject(js_context, ctypes.byref(size), function, BYTECODE)
        self.lib.JS_FreeValue(js_context, function)
        if not code:
            self.lib.JS_FreeValue(js_context, self.lib.JS_GetException(js_context))
            return None
        found = ctypes.string_at(code, size.value)
        self.lib.js_free(js_context, code)
        return found

    def _done(self, js_context: int, result: JSValue, *, free: bool = False) -> bool:
        """Whether no exception came; one that did is dropped, and with ``free`` what came instead too."""
        if result.tag == TAG_EXCEPTION:
            self.lib.JS_FreeValue(js_context, self.lib.JS_GetException(js_context))
            return False
        if free:
            self.lib.JS_FreeValue(js_context, result)
        return True

    def text_property(self, js_context: int, owner: JSValue, name: str) -> str:
        """A property that is a string, "" if it is none."""
        value = self.property(js_context, owner, name)
        raw = None
        if value.tag in _STRING_TAGS:
            raw = self.lib.JS_ToCStringLen2(js_context, None, value, False)
        text = ctypes.string_at(raw).decode("utf-8", "replace") if raw else ""
        if raw:
            self.lib.JS_FreeCString(js_context, raw)
        self.lib.JS_FreeValue(js_context, value)
        return text

    def current_stack(self, js_context: int) -> str:
        """Where JavaScript is, innermost frame first; "" unless it is in one of the engine's own functions.

        An error that C code throws gets its stack at once only there; in a script's own code it gets it
        when the interpreter goes on.
        """
        self.lib.JS_ThrowInternalError(js_context, b"position")
        error = self.lib.JS_GetException(js_context)
        text = self.text_property(js_context, error, "stack")
        self.lib.JS_FreeValue(js_context, error)
        return text
