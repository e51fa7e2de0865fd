"""Pieces of HTML that nothing breaks out of."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from tests.report.hostile import TEXTS

from voxrun.report.html import asset, document, embed, policy


@pytest.mark.parametrize("text", TEXTS)
def test_data_says_the_same_after_its_way_through_the_page(text: str) -> None:
    assert json.loads(embed({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("text", TEXTS)
def test_data_holds_nothing_that_ends_a_script_element_or_a_line(text: str) -> None:
    written = embed(text)
    assert not set("<>&\u2028\u2029\n\x00") & set(written)
    assert written.isascii()


def test_the_policy_allows_our_own_script_and_nothing_from_anywhere() -> None:
    rules = policy("a{}", "run()")
    digest = base64.b64encode(hashlib.sha256(b"run()").digest()).decode()
    assert f"script-src 'sha256-{digest}'" in rules
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules
    assert "http" not in rules


def test_a_dollar_in_the_data_is_no_field_of_the_template() -> None:
    fields = {"title": "$data", "heading": "${style}", "sentences": "", "rows": "$$", "version": "1"}
    page = document("index.html", ("base.css",), ("index.js",), **fields)
    assert "<title>$data</title>" in page
    assert "${style}" in page


def test_our_own_scripts_hold_nothing_that_ends_them() -> None:
    for name in ("index.js", "dom.js", "main.js"):
        assert "</" not in asset(name)
