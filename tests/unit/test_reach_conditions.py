"""Conditions on who can be messaged, and who is suppressed: as text, as words, and what a customer is told of them."""

import pytest

from crm_core.audience.eligibility import Reason
from crm_core.channels.registry import CHANNELS
from crm_core.errors import BadRule, BadRuleText
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.bound import BoundReach
from crm_core.rules.engines.encoding import encode
from crm_core.rules.engines.explaining import explain
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.single import Contact, Subject
from crm_core.rules.fields import Catalogue
from crm_core.rules.loading import load_rule
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.wording import describe
from crm_core.schema.suppressions import REASONS
from pages._ui.explanation_words import ExplanationWords, why
from pages.builder.board.palette import find_entries, palette_entries
from pages.builder.board.tree import Condition
from pages.builder.board.words import Words
from tests.unit.rule_samples import NOW, SCOPE, Json, group, reach, suppressed
from tests.unit.test_rule_text import A, parsed, printed

MONEY = money_formatter("USD")
COMPLAINED = suppressed("email", reason="complaint")
FREE = Contact()
STOPPED = Contact(Reason.SUPPRESSED, frozenset({"hard_bounce", "complaint"}))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("can be messaged over sms", reach("sms")),
        ("Can BE\n messaged  over 'SMS'", reach("sms")),
        ("NOT can be messaged over in_app", group("none", reach("in_app"))),
        ("is suppressed on email", suppressed("email")),
        ("IS suppressed ON email FOR Complaint", COMPLAINED),
        ('is suppressed on "email" for "complaint" and visits = 1', group("all", COMPLAINED, A)),
        ("visits = 1 AND can be messaged over push", group("all", A, reach("push"))),
        ("NONE OF (is suppressed on sms, visits = 1)", group("none", suppressed("sms"), A)),
    ],
)
def test_who_is_reached_and_who_is_suppressed_is_read(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_and_every_reason_is_read_as_printed(channel: str) -> None:
    for tree in (reach(channel), suppressed(channel), *(suppressed(channel, reason=each) for each in REASONS)):
        assert parsed(printed(tree)) == tree


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("can be messaged over fax", 22, "no channel 'fax'. Known are in_app, email, sms, whatsapp, push."),
        ("can be messaged over emial", 22, "Did you mean email?"),
        ("can be messaged over", 21, "the text ends here; expected a word such as email"),
        ("can be messaged over 5", 22, "5 cannot stand here"),
        ("can be messaged over sms for complaint", 26, "for cannot stand here; expected AND, OR or the end"),
        ("is suppressed on fax", 18, "no channel 'fax'"),
        ("is suppressed on sms for boredom", 26, "no reason for a suppression 'boredom'. Known are manual"),
        ("is suppressed on sms for complain", 26, "Did you mean complaint?"),
        ("is suppressed on sms for", 25, "the text ends here"),
        ('is suppressed on "$where"', 18, "no channel '$where'"),
    ],
)
def test_what_there_is_not_is_refused_at_its_place(text: str, column: int, says: str) -> None:
    with pytest.raises(BadRuleText) as caught:
        parse_text(text, SCOPE)
    assert caught.value.column == column
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "sentence", "about", "claim"),
    [
        (reach("sms"), "can be messaged over SMS", "Can be messaged over SMS", "by consent, address and suppressions"),
        (suppressed("email"), "is suppressed on E-mail", "Suppressed on E-mail", "for any reason"),
        (
            suppressed("push", reason="hard_bounce"),
            "is suppressed on Push for hard bounce",
            "Suppressed on Push",
            "for the reason hard bounce",
        ),
    ],
)
def test_such_a_condition_reads_as_people_say_it(tree: Json, sentence: str, about: str, claim: str) -> None:
    bound = bind(load_rule(tree), SCOPE)
    assert isinstance(bound, BoundReach)
    assert to_sentence(bound, MONEY) == sentence
    assert describe(bound, MONEY) == (about, claim)
    assert Words(MONEY).chip(Condition(1, tree)) == (about, claim)


def test_the_palette_has_each_channel_whole() -> None:
    found = find_entries(palette_entries(Catalogue(), (), {}), "on", "Consent")
    drafts = [each.node.draft for each in found if isinstance(each.node, Condition)]
    assert [draft["channel"] for draft in drafts if draft["kind"] == "suppressed"] == [*CHANNELS]
    (sms,) = find_entries(palette_entries(Catalogue(), (), {}), "messaged sms", "Consent")
    assert isinstance(sms.node, Condition)
    assert sms.node.draft == reach("sms")


@pytest.mark.parametrize(
    ("tree", "contact", "matches", "told", "line"),
    [
        (reach("email"), FREE, True, "can be messaged", "E-mail: can be messaged"),
        (reach("email"), Contact(Reason.NO_ADDRESS), False, "no address", "E-mail: no address"),
        (reach("email"), Contact(Reason.NO_CONSENT), False, "no consent", "E-mail: no consent"),
        (reach("email"), STOPPED, False, "suppressed", "E-mail: suppressed"),
        (suppressed("email"), FREE, False, "not suppressed", "E-mail: not suppressed"),
        (suppressed("email"), STOPPED, True, "complaint, hard bounce", "E-mail: complaint, hard bounce"),
        (COMPLAINED, STOPPED, True, "complaint, hard bounce", "E-mail: complaint, hard bounce"),
        (
            suppressed("email", reason="manual"),
            STOPPED,
            False,
            "complaint, hard bounce",
            "E-mail: complaint, hard bounce",
        ),
    ],
)
def test_a_customer_is_told_what_forbids_messages(
    tree: Json, contact: Contact, matches: bool, told: str, line: str
) -> None:
    found = explain(bind(load_rule(tree), SCOPE), Subject({"_id": "ann"}, contacts={"email": contact}), digits=2)
    words = ExplanationWords("USD", NOW)
    assert (found.matches, words.actual(found), words.lacking(found)) == (matches, told, "")
    assert why(found, words) == line


def test_one_part_of_the_columns_cannot_say_who_is_reached() -> None:
    columns = encode([], [], [], [], Catalogue())
    with pytest.raises(BadRule, match="may be shared"):
        mask(bind(load_rule(reach("sms")), SCOPE), columns)
