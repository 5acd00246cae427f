"""Names of segments, campaigns, variants and tags in many scripts: what is refused, and which names are the same."""

import pytest

from crm_core.campaigns.drafting.options import check_tags
from crm_core.errors import InvalidInput
from crm_core.infra.names import clean_name, name_key

GOOD = [
    "Spring thank-you",
    "Familles 👨\u200d👩\u200d👧\u200d👦 & amis",
    "👩🏽\u200d🚒",
    "❤\ufe0f\u200d🔥",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "1\ufe0f\u20e3",
    "مشتری\u200cهای وفادار",  # Persian: loyal customers
    "می\u200cخواهم",
    "ఆర్డర్\u200c లేని వారు",  # Telugu, with the joiner at the end of a word
    "ఫ్రెండ్\u200cషిప్ డే",
    "শর্\u200dমা",  # Bengali
    "ക്\u200dഷ",  # Malayalam
    "क्\u200dष",  # Hindi
    "Vous\u00a0aimez\u202f?",  # French
    "«\u00a0Été\u00a0»",
    "優良\u3000顧客",  # Japanese
    "ลูกค้า\u200bประจำ",  # Thai
    "עברית \u200e(2026)",
    "Größe straße",
    "İstanbul",
    "Nguyễn",
    "Αθήνα",
    "Привет",
    "한국어",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "🫨",
    "\U0001fae9",  # newer than this Python
    "50 % off!",
    "x" * 100,
]
REFUSED = [
    "",
    "   ",
    "x" * 101,
    "a\nb",
    "a\tb",
    "a\x00b",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "a\ud800b",
    "\ufffe a",
    "invoice \u202egpj.exe",
    "a\u2066b\u2069",
    "\u200b",
    "\u200d\u200c",
    "\ufeff",
    "\u3164",
    "\u2800\u2800",
    "\u00ad",
    "\u0301",
    None,
    7,
]
ALIKE = [
    ("Loyal customers", "loyal  CUSTOMERS"),
    ("Loyal customers", "Loyal\u00a0customers"),
    ("Vous aimez ?", "Vous aimez\u202f?"),
    ("Café", "Cafe\u0301"),
    ("ﬁrst", "first"),
    ("STRASSE", "straße"),
    ("Loyal", "Lo\u200byal"),
    ("Loyal", "Lo\u200dyal"),
    ("Loyal", "Loyal\u200c"),
    ("Loyal", "\u200eLoyal"),
    ("Loyal", "Lo\u00adyal"),
    ("❤", "❤\ufe0f"),
    ("ఆర్డర్\u200c", "ఆర్డర్"),
    ("優良 顧客", "優良\u3000顧客"),
]
DIFFERENT = [
    ("Loyal", "Loyal 2"),
    ("Cafe", "Café"),
    ("می\u200cخواهم", "میخواهم"),
    ("क्\u200dष", "क्ष"),
    ("👩\u200d🚒", "👩🚒"),
    ("ab", "a b"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_in_any_script_is_kept_as_it_was_typed(name: str) -> None:
    assert clean_name(name, "segment") == name
    assert clean_name(f" {name}\u00a0", "segment") == name


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_misleads_or_shows_nothing_is_refused(name: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_name(name, "segment")
    assert caught.value.field == "name"
    str(caught.value).encode()


def test_the_refusal_names_the_character_and_why() -> None:
    with pytest.raises(InvalidInput, match=r"A tag cannot have U\+202E in its name: .*direction of writing"):
        clean_name("a\u202eb", "tag")


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_look_different_are_two(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_of_tags_that_look_the_same_the_first_is_kept() -> None:
    assert check_tags(["VIP", "vip", "Été", "E\u0301te\u0301", " VIP "]) == ["VIP", "Été"]
