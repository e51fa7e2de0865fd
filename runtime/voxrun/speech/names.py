"""Which first names of synthetic voices are women's: a guess that makes them sound like their names."""

from __future__ import annotations

from typing import Final

_WOMEN: Final = """
    aarti aashi abbi abril aditi aigul alice allison amal amany amber amy anahit annette anu aoi ariane
    arlet ashley astrid beatriz belkys birgit brigitte burcu carly carmen celeste celine chantal charline
    charlotte christel colette coralie danielle denise dhwani elin elizabeth elke eloise elsie emel emi emily
    ezinne female filiz gabrielle gadis grace gudrun gul gwyneth hannah heidi hillevi hiugaai hiumaan hiujin
    hoaimy hollie hsiaochen hsiaoyu iman imani ines ingrid irene isabelle iselin ivy jacqueline jane jasmine
    jenny jihye jimin joanne josephine kajal kani kate keomany kim kimberly leah leni libby lily liv lotte
    louise lupe maisie marlene maryam mayu mekdes michelle mizuki molly nanami nancy naomi niamh nicole nilar
    noemi omazh pallavi penelope pernille premwadee raquel reem renee ruth salli salome sarah saule seoyeon
    shimmer shiori shruti siqiniq siti sofie soonbok sophie sreymom sunhi suvi sylvie thilini tomoko tuti ubax
    vaani vicki vivienne woman yan yasmin yesui yujin yulduz yvette zariyah zhanar zhiyu zuri
    achernar aoede callirrhoe despina erinome gacrux kore laomedeia leda sulafat vindemiatrix zephyr
    autonoe pulcherrima
"""
_MEN: Final = """
    ameha bataa chilemba dima joshua keita luca male man nikita sameera surya themba thiha
    zubenelgenubi
"""
FEMALE: Final = frozenset(_WOMEN.split())
MALE: Final = frozenset(_MEN.split())

_FEMALE_LETTERS: Final = "ACEFHKLO"
"""Google numbers voices with letters; most of these are women's voices."""


def gender_of(name: str) -> str:
    """ "f" or "m" for a first name, a vendor's letter ("A"), or the words Female and Male; "" if unknown."""
    word = name.lower()
    if not word:
        return ""
    if len(name) == 1:
        return ("f" if name.upper() in _FEMALE_LETTERS else "m") if name.isalpha() else ""
    if word in FEMALE or word.startswith("xiao"):
        return "f"
    if word in MALE or word.startswith("yun"):
        return "m"
    return "f" if word.endswith("a") else "m"
