import pytest

from voxrun.media.graph import Sink, Source, disconnect_sink


class Ear(Sink):
    """Keeps what it hears and what happens to it."""

    def __init__(self, *, exclusive: bool = False) -> None:
        super().__init__()
        self.exclusive = exclusive
        self.heard: list[bytes] = []
        self.log: list[str] = []

    def write(self, frame: bytes, source: Source) -> None:
        assert source in self.sources
        self.heard.append(frame)

    def attached(self, source: Source) -> None:
        self.log.append("attached")

    def detached(self, source: Source) -> None:
        self.log.append("detached")


def test_a_source_gives_each_frame_to_every_sink() -> None:
    source, one, two = Source(), Ear(), Ear()
    source.connect(one)
    source.connect(two)
    source.push(b"a")
    assert one.heard == two.heard == [b"a"]


def test_connecting_twice_is_connecting_once() -> None:
    source, ear = Source(), Ear()
    source.connect(ear)
    source.connect(ear)
    source.push(b"a")
    assert ear.heard == [b"a"]
    assert ear.log == ["attached"]


def test_a_call_hears_one_source_and_a_new_one_replaces_the_old() -> None:
    old, new, call = Source(), Source(), Ear(exclusive=True)
    old.connect(call)
    new.connect(call)
    old.push(b"old")
    new.push(b"new")
    assert call.heard == [b"new"]
    assert call.sources == [new]
    assert old.sinks == []
    assert call.log == ["attached", "detached", "attached"]


def test_connecting_an_exclusive_sink_again_does_not_interrupt_it() -> None:
    source, call = Source(), Ear(exclusive=True)
    source.connect(call)
    source.connect(call)
    assert call.log == ["attached"]


def test_a_sink_that_is_not_exclusive_hears_all_its_sources() -> None:
    one, two, ear = Source(), Source(), Ear()
    one.connect(ear)
    two.connect(ear)
    one.push(b"1")
    two.push(b"2")
    assert ear.heard == [b"1", b"2"]
    disconnect_sink(ear)
    one.push(b"1")
    assert ear.heard == [b"1", b"2"]
    assert ear.sources == []


def test_disconnecting_stops_the_audio_and_is_harmless_twice() -> None:
    source, ear = Source(), Ear()
    source.connect(ear)
    source.disconnect(ear)
    source.disconnect(ear)
    source.push(b"a")
    assert ear.heard == []
    assert ear.log == ["attached", "detached"]


def test_a_sink_may_take_itself_off_while_a_frame_is_given_out() -> None:
    source, other = Source(), Ear()

    class Once(Ear):
        def write(self, frame: bytes, source: Source) -> None:
            super().write(frame, source)
            source.disconnect(self)

    once = Once()
    source.connect(once)
    source.connect(other)
    source.push(b"1")
    source.push(b"2")
    assert once.heard == [b"1"]
    assert other.heard == [b"1", b"2"]


def test_disconnect_all_leaves_no_edge() -> None:
    source, ears = Source(), [Ear(), Ear()]
    for ear in ears:
        source.connect(ear)
    source.disconnect_all()
    assert source.sinks == []
    assert all(ear.sources == [] for ear in ears)


def test_a_sink_has_to_say_what_becomes_of_a_frame() -> None:
    with pytest.raises(TypeError, match="write"):
        Sink()  # type: ignore[abstract]


class Slow(Ear):
    """A sink whose far end hears a frame only when ``play`` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.waiting.append(frame)

    def flush(self, source: Source) -> None:
        self.waiting.clear()

    def play(self) -> None:
        self.heard += self.waiting
        self.waiting = []


def test_what_was_not_heard_yet_can_be_taken_back() -> None:
    source, slow, quick = Source(), Slow(), Ear()
    source.connect(slow)
    source.connect(quick)
    source.push(b"a")
    slow.play()
    source.push(b"b")
    source.flush()
    slow.play()
    assert slow.heard == [b"a"]
    assert quick.heard == [b"a", b"b"]
