"""Call scripts in real time: the served scenario, and people with real phones in front of it.

Imports aiortc and the web server: only for ``--real-time``.
"""
