"""The WHIP door, in the manner of RFC 9725: POST an offer, get the scenario's answer; DELETE hangs up."""

from __future__ import annotations

import asyncio
import json
from typing import Final, Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from voxrun.errors import PeerError, VoxrunError
from voxrun.legs.base import Headers
from voxrun.legs.webrtc.far_end import By
from voxrun.legs.webrtc.leg import WebRtcLeg
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.server.ports import Runtime
from voxrun.server.softphone import incoming_info
from voxrun.server.wire import MAX_CUSTOM_DATA_BYTES, MAX_SDP_BYTES, check_headers

SDP: Final = "application/sdp"
_STATUS: Final = {404: 404, 408: 408, 480: 404, 488: 406}
"""HTTP status of a SIP code; others are 403: understood, and refused."""


class WhipFarEnd:
    """The client of one POST (legs.webrtc.leg.FarEnd): it hears the first answer or the end, nothing else."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str | Response] = asyncio.get_running_loop().create_future()
        self.over = False

    def _settle(self, result: str | Response) -> None:
        if not self.answer.done():
            self.answer.set_result(result)

    def ringing(self, headers: Headers) -> None:
        """HTTP has no provisional answers that clients would look at."""

    def early(self, sdp: str, headers: Headers) -> None:
        self._settle(sdp)

    def answered(self, sdp: str | None, headers: Headers) -> None:
        if sdp is not None:
            self._settle(sdp)

    def ended(self, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        self.over = True
        self._settle(call_problem(code, reason))

    def dtmf(self, digits: str, method: Literal["rfc2833", "inband"]) -> None:
        """Goes by RTP only."""

    def info(self, mime: str, body: str, headers: Headers) -> None:
        """There is no way to tell the client."""

    def message(self, text: str) -> None:
        """There is no way to tell the client."""


class Whip:
    """The door and the calls that came through it."""

    def __init__(self, runtime: Runtime, config: PeerConfig) -> None:
        self._runtime = runtime
        self._config = config
        self._calls: dict[str, tuple[WebRtcLeg, WhipFarEnd]] = {}
        self._made = 0

    async def post(self, request: Request) -> Response:
        """A new call."""
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type != SDP:
            return problem(415, "Wrong content type", f"Send the offer as {SDP}.", {"Accept-Post": SDP})
        try:
            offer = await read_body(request, MAX_SDP_BYTES)
            headers = check_headers({n: v for n, v in request.headers.items() if n.lower().startswith("x-")})
            info = incoming_info(
                _short("destination", request.path_params["destination"], 200),
                _short("from", request.query_params.get("from", ""), 200) or "whip",
                _short("displayName", request.query_params.get("displayName", ""), 200),
                headers,
                _short("customData", request.query_params.get("customData", ""), MAX_CUSTOM_DATA_BYTES),
            )
        except TooBig:
            return problem(413, "Too big", f"An offer has at most {MAX_SDP_BYTES} bytes.")
        except ValueError as error:
            return problem(400, "Bad request", f"The request must have {error}.")
        far = WhipFarEnd()
        try:
            leg = await WebRtcLeg.incoming(far, offer.decode("utf-8", "replace"), self._config)
        except PeerError as error:
            return problem(400, "The offer cannot be used", str(error))
        try:
            session = await self._runtime.incoming(leg, info)
        except VoxrunError as error:
            await leg.close()
            return problem(503, "The call cannot be taken", str(error))
        return await self._answer(request, leg, far, session)

    async def delete(self, request: Request) -> Response:
        """Hang up."""
        self._forget_ended()
        call = self._calls.pop(request.path_params["id"], None)
        if call is None:
            return problem(404, "No such call", "It is over, or never was.")
        call[0].far_hangup({})
        return Response(status_code=200)

    async def patch(self, request: Request) -> Response:
        """Neither trickle ICE nor ICE restart (RFC 9725 section 4.3 leaves both open)."""
        response = problem(405, "Not supported", "Send a complete offer: there is no trickle and no restart.")
        response.headers["Allow"] = "DELETE"
        return response

    def close(self) -> None:
        """Hang up every call."""
        for leg, _ in self._calls.values():
            leg.far_hangup({})
        self._calls.clear()

    async def _answer(self, request: Request, leg: WebRtcLeg, far: WhipFarEnd, session: str) -> Response:
        left = asyncio.create_task(_left(request))
        left.add_done_callback(lambda task: None if task.cancelled() else leg.far_hangup({}))  # 487
        try:
            result = await far.answer
        finally:
            left.cancel()
            if not far.answer.done():
                leg.far_hangup({})
        if isinstance(result, Response):
            return result
        self._forget_ended()
        self._made += 1
        call_id = f"{session}-{self._made}"
        self._calls[call_id] = (leg, far)
        headers = {"Location": f"/whip/resource/{call_id}", "X-Voxrun-Session": session}
        return Response(result, 201, headers, SDP)

    def _forget_ended(self) -> None:
        for call_id in [call_id for call_id, (_, far) in self._calls.items() if far.over]:
            del self._calls[call_id]


class TooBig(Exception):
    """A request body above its limit."""


async def read_body(request: Request, most: int) -> bytes:
    """The body of a request. Raises TooBig as soon as it is."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise TooBig
    except ClientDisconnect:
        raise TooBig from None  # nobody reads the reply
    return bytes(body)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _short(name: str, value: str, most: int) -> str:
    if len(value.encode("utf-8", "replace")) > most:
        raise ValueError(f'"{name}" of at most {most} bytes')
    return value


def call_problem(code: int, reason: str) -> Response:
    """The reply to a call that was not taken."""
    return problem(_STATUS.get(code, 403), "The call was not answered", f"{code} {reason}", {}, code, reason)


def problem(
    status: int,
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    sip_code: int | None = None,
    sip_reason: str = "",
) -> Response:
    """A problem document (RFC 9457)."""
    body: dict[str, object] = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    if sip_code is not None:
        body |= {"sip_code": sip_code, "sip_reason": sip_reason}
    text = json.dumps(body) + "\n"
    return PlainTextResponse(text, status, headers, "application/problem+json")
