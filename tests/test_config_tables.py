"""The lists of voxrun.toml: routes of outgoing calls, scripts of conferences."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.config import Settings, load_settings
from voxrun.config_tables import Conference, conference_option
from voxrun.errors import ConfigError


def load(folder: Path, toml: str, *conferences: str) -> Settings:
    (folder / "voxrun.toml").write_text(toml, "utf-8")
    return load_settings([Path("a.js")], env={}, cwd=folder, conference_options=conferences)


def refused(folder: Path, toml: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, toml)
    return str(caught.value).replace(str(folder), "")


def test_the_first_route_that_matches_the_whole_destination_wins(tmp_path: Path) -> None:
    toml = '[[routes]]\nkind = "pstn"\npattern = "1\\\\d+"\naddress = "alice"\n[[routes]]\naddress = "bob"\n'
    first, second = load(tmp_path, toml).routes
    assert first.matches("pstn", "1555")
    assert not first.matches("pstn", "1555x")
    assert not first.matches("user", "1555")
    assert second.matches("sip", "sip:a@b")
    assert (first.leg, first.address, second.address) == ("webrtc", "alice", "bob")


def test_conferences_of_the_command_line_come_before_those_of_the_file(tmp_path: Path) -> None:
    toml = (
        '[[conferences]]\npattern = "conf_.*"\nscripts = ["lib.js", "room.js"]\n'
        '[[conferences]]\nscripts = ["x.js"]\n'
    )
    found = load(tmp_path, toml, r"7\d+=seven.js", "all.js, more.js").conferences
    assert [
        (entry.pattern, [path.relative_to(tmp_path).name for path in entry.scripts]) for entry in found
    ] == [
        (r"7\d+", ["seven.js"]),
        (".*", ["all.js", "more.js"]),
        ("conf_.*", ["lib.js", "room.js"]),
        (".*", ["x.js"]),
    ]
    assert isinstance(found[0], Conference)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[routes]\nleg = 1\n", "/voxrun.toml:1: write each route under a [[routes]] line."),
        ("routes = [1]\n", "/voxrun.toml:1: write each route under a [[routes]] line."),
        ('[[routes]]\nlegg = "x"\n', '/voxrun.toml:2: unknown key "legg" in [routes]. Did you mean "leg"?'),
        ('[[routes]]\nleg = "sms"\n', "/voxrun.toml:2: routes.leg must be one of webrtc."),
        ("[[routes]]\nleg = 1\n", "/voxrun.toml:2: routes.leg must be text in quotes."),
        ("conferences = 1\n", "/voxrun.toml:1: write each conference under a [[conferences]] line."),
        (
            '[[conferences]]\nscript = "x"\n',
            '/voxrun.toml:2: unknown key "script" in [conferences]. Did you mean "scripts"?',
        ),
        (
            '[[conferences]]\nscripts = "x.js"\n',
            '/voxrun.toml:2: conferences.scripts must be a list of files, like ["room.js"].',
        ),
        (
            '\n[[conferences]]\npattern = "x"\n',
            '/voxrun.toml:2: conferences.scripts must be a list of files, like ["room.js"].',
        ),
        (
            '[[conferences]]\npattern = 1\nscripts = ["x.js"]\n',
            "/voxrun.toml:2: conferences.pattern must be text in quotes.",
        ),
    ],
)
def test_a_mistake_names_file_line_and_the_right_way(tmp_path: Path, toml: str, message: str) -> None:
    assert refused(tmp_path, toml) == message


@pytest.mark.parametrize("section", ["routes", "conferences"])
def test_a_broken_pattern_is_told(tmp_path: Path, section: str) -> None:
    message = refused(tmp_path, f'[[{section}]]\n\npattern = "(["\n')
    assert message.startswith(f"/voxrun.toml:3: {section}.pattern is not a regular expression")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--conference : write --conference [PATTERN=]FILE.js."),
        ("a=", "--conference a=: write --conference [PATTERN=]FILE.js."),
        ("([=a.js", "--conference ([=a.js: the pattern is not a regular expression"),
    ],
)
def test_a_mistake_on_the_command_line_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        conference_option(text, tmp_path)
    assert str(caught.value).startswith(message)
