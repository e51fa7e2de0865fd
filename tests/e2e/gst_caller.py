"""A caller that is GStreamer: webrtcbin at the WHIP door. Runs in the system's own Python, which has ``gi``.

``python3 gst_caller.py WHIP_URL SAYS.wav HEARS.wav SECONDS``: speaks the first file, keeps what it hears in
the second (16 kHz mono), hangs up. Prints ``connected`` when audio flows, and ``over`` at the end.
"""

from __future__ import annotations

import sys
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PIPELINE = """
webrtcbin name=call bundle-policy=max-bundle
audiotestsrc is-live=true wave=silence ! audio/x-raw,rate=48000,channels=1 ! mix.
filesrc location={says} ! wavparse ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=1 ! mix.
audiomixer name=mix ! audioconvert ! opusenc ! rtpopuspay pt=96 ! queue
 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=96 ! call.
"""
"""The silence is live, and sets the pace: files alone are read as fast as they can be."""
HEARING = (
    "queue ! rtpopusdepay ! opusdec ! audioconvert ! audioresample "
    "! audio/x-raw,rate=16000,channels=1,format=S16LE ! wavenc "
    "! filesink async=false sync=false location={hears}"
)


class Call:
    def __init__(self, url: str, says: str, hears: str, seconds: float) -> None:
        self.url, self.hears, self.seconds = url, hears, seconds
        self.loop = GLib.MainLoop()
        self.location = ""
        self.status = 1
        self.pipe = Gst.parse_launch(PIPELINE.format(says=says))
        self.bin = self.pipe.get_by_name("call")
        self.bin.connect("on-negotiation-needed", self.offer)
        self.bin.connect("notify::ice-gathering-state", self.gathered)
        self.bin.connect("pad-added", self.incoming)
        bus = self.pipe.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.failed)

    def run(self) -> int:
        self.pipe.set_state(Gst.State.PLAYING)
        GLib.timeout_add_seconds(60, self.loop.quit)
        self.loop.run()
        self.pipe.set_state(Gst.State.NULL)
        return self.status

    def offer(self, _: object) -> None:
        promise = Gst.Promise.new_with_change_func(self.offered, None)
        self.bin.emit("create-offer", None, promise)

    def offered(self, promise: Gst.Promise, _: object) -> None:
        promise.wait()
        self.kept = promise.get_reply()  # the offer is a part of it
        self.own = self.kept.get_value("offer")
        done = Gst.Promise.new()
        self.bin.emit("set-local-description", self.own, done)
        done.interrupt()

    def gathered(self, *_: object) -> None:
        state = self.bin.get_property("ice-gathering-state")
        if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE and not self.location:
            GLib.idle_add(self.post)

    def post(self) -> bool:
        sdp = self.bin.get_property("local-description").sdp.as_text()
        request = urllib.request.Request(self.url, sdp.encode(), {"Content-Type": "application/sdp"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.location = urllib.parse.urljoin(self.url, answer.headers["Location"])
            text = answer.read()
        _, message = GstSdp.SDPMessage.new()
        GstSdp.sdp_message_parse_buffer(text, message)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.bin.emit("set-remote-description", description, None)
        return False

    def incoming(self, _: object, pad: Gst.Pad) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        print("connected", flush=True)
        ears = Gst.parse_bin_from_description(HEARING.format(hears=self.hears), True)
        self.pipe.add(ears)
        ears.sync_state_with_parent()
        pad.link(ears.get_static_pad("sink"))
        GLib.timeout_add(int(self.seconds * 1000), self.hang_up)

    def hang_up(self) -> bool:
        request = urllib.request.Request(self.location, method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()
        print("over", flush=True)
        self.status = 0
        self.pipe.send_event(Gst.Event.new_eos())
        GLib.timeout_add(300, self.loop.quit)
        return False

    def failed(self, _: object, message: Gst.Message) -> None:
        print(message.parse_error(), file=sys.stderr, flush=True)
        self.loop.quit()


if __name__ == "__main__":
    Gst.init(None)
    sys.exit(Call(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])).run())
