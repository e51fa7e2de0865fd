"""Calls over WebRTC: ``WebRtcLeg`` on aiortc's SDP, ICE and DTLS, with RTP of our own."""
