"""The numbering plans of the world as a realm gets them: a compact table, made from ``phonenumbers``.

It is given to realms whose scenario names ``PhoneNumber``; ``js/modules/phonenumber.js`` reads it. The
package takes half a second to read, so the table is kept in a file for the next process.

    {"regions": "US1|CA1|DE49|...", "names": {"US": "United States", ...}, "1": "[[...], ...]", ...}

For each country calling code a JSON text of its regions, the main one first; a region is [id, international
prefix, national prefix, its transform rule, leading digits, whether fixed and mobile numbers are told apart
by nothing (1), general description, then one description for each of ``KINDS``]; a description is [pattern,
lengths (0: as in general), lengths without the area code] or 0.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from voxrun.realm.countries import COUNTRIES
from voxrun.realm.port import Script

log = logging.getLogger(__name__)

KINDS: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager",
    "uan", "voicemail",
)  # fmt: skip
VERSION: Final = 1
MISSING: Final = "the package phonenumberslite is missing: install it with pip, or install voxrun anew"

_NAMED = re.compile(r"(?<![\w$])PhoneNumber(?![\w$])")


def wanted(scripts: Iterable[Script]) -> bool:
    """Whether a scenario may ask for phone numbers."""
    return any(_NAMED.search(script.source) for script in scripts)


@functools.cache
def table() -> dict[str, Any]:
    """The table; {"error": why} where the package is not there."""
    try:
        import phonenumbers
    except ImportError:
        return {"error": MISSING}
    path = cache_file(os.environ, phonenumbers.__version__)
    kept = read(path)
    if kept is None:
        kept = make()
        write(path, kept)
    return kept


def cache_file(variables: Mapping[str, str], version: str) -> Path | None:
    """``$XDG_CACHE_HOME/voxrun/phone-numbers-...json``, else below ``~/.cache``; None without a home."""
    base = variables.get("XDG_CACHE_HOME", "")
    try:
        folder = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    except RuntimeError:
        return None
    return folder / "voxrun" / f"phone-numbers-{VERSION}-{version}.json"


def read(path: Path | None) -> dict[str, Any] | None:
    """A table that was kept; None where there is none that can be read."""
    try:
        found = json.loads(path.read_text("utf-8")) if path is not None else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "regions" in found else None


def write(path: Path | None, made: dict[str, Any]) -> None:
    """Keep a table. Where it cannot be written it is made again the next time."""
    if path is None:
        return
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half.write_text(json.dumps(made, separators=(",", ":")), "utf-8")
        half.replace(path)  # another process may read it at this moment
    except OSError as error:
        log.info("the table of phone numbers is not kept: %s", error)


def make() -> dict[str, Any]:
    """The table from the package's metadata."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    made: dict[str, Any] = {"names": COUNTRIES}
    regions = []
    for code, ids in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        rows = []
        for name in ids:
            if name == "001":  # numbers of no country, like +800
                plan = PhoneMetadata.metadata_for_nongeo_region(code, None)
            else:
                plan = PhoneMetadata.metadata_for_region(name, None)
                regions.append(f"{name}{code}")
            rows.append(_row(name, plan))
        made[str(code)] = json.dumps(rows, separators=(",", ":"))
    made["regions"] = "|".join(regions)
    return made


def _row(name: str, plan: Any) -> list[Any]:
    lengths = list(plan.general_desc.possible_length)
    return [
        name,
        plan.international_prefix or "",
        plan.national_prefix_for_parsing or "",
        plan.national_prefix_transform_rule or "",
        plan.leading_digits or "",
        int(bool(plan.same_mobile_and_fixed_line_pattern)),
        _description(plan.general_desc, None),
        *(_description(getattr(plan, kind), lengths) for kind in KINDS),
    ]


def _description(found: Any, general: list[int] | None) -> Any:
    if found is None or not found.national_number_pattern:
        return 0
    lengths = list(found.possible_length)
    return [
        found.national_number_pattern,
        0 if lengths == general else lengths,
        list(found.possible_length_local_only),
    ]
