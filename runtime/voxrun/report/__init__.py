"""Reports: a session's folder in, one HTML file out that needs nothing else; and an index over many.

The way through the room::

    reading   journal.jsonl -> Session (tolerant: what is whole of a damaged journal still counts)
    sound     recording.wav -> Recording (outline for drawing, when each side speaks, Opus for listening)
    talk      records -> Line (what was said, tools, keys, notes)
    course    records -> Bar and Row (everything else on the time axis, and the list of events)
    turns     when each side speaks -> Turn (how long the caller waited)
    build     all of these and the ``Outcome`` of a call script -> Report
    page      Report -> HTML; ``index`` does the same for a suite

``write`` is the way in. An ``Outcome`` is what a call script adds: see ``voxrun.report.outcome``.
"""
