"""Texts that are no rule: each is refused at its place, with what was expected there and the nearest word."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_core.errors import BadRule, BadRuleText
from crm_core.rules.binding import bind
from crm_core.rules.text.parsing import MAX_LENGTH, parse_text
from crm_core.rules.text.printing import to_text
from tests.unit.rule_samples import RULES, SCOPE


def refusal(text: str) -> BadRuleText:
    with pytest.raises(BadRuleText) as caught:
        parse_text(text, SCOPE)
    exc = caught.value
    assert exc.field == "text"
    where = f"column {exc.column}: " if exc.line == 1 else f"line {exc.line}, column {exc.column}: "
    assert str(exc).startswith(where)
    return exc


def refused_at(text: str) -> tuple[int, int]:
    exc = refusal(text)
    return exc.line, exc.column


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("spnd > 4", 1, "there is no field 'spnd'. Did you mean spend?"),
        ("visits = 1 AND siize = 2", 16, "there is no field 'siize'. Did you mean size"),
        ("foo = 1", 1, "there is no field 'foo'. Known are total_spend, spend, order_count"),
        ("orders > 5", 1, "order_count is the number of all orders, orders() that of the recorded ones"),
        ("colour = 1", 1, "the values of colour are of several types; declare its type"),
        ("attributes.colour = 1", 1, "the values of attributes.colour are of several types"),
        ("folded.city = 'a'", 1, "there is no field 'folded.city'"),
        ("_id = 'a'", 1, "there is no field '_id'"),
        ("inactiv for 5 days", 1, "there is no field 'inactiv'. Did you mean inactive?"),
        ("spend for 5 days", 1, "there is no field 'spend'. Known are inactive."),
    ],
)
def test_an_unknown_field_is_refused_where_it_stands_with_the_nearest_names(
    text: str, column: int, reason: str
) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("city > 4", 6, "> does not go with city, which is a text field; allowed are: in, not in, =, !=, contains"),
        ("visits contains 'x'", 8, "contains does not go with visits, which is a number field; allowed are: >, >="),
        ("visits before 2026-01-01", 8, "before does not go with visits, which is a number field"),
        ("last_order > 2026-01-01", 12, "> does not go with last_order, which is a date field; allowed are: in last"),
        ("last_order not between 2026-01-01 and 2026-01-02", 12, "not between … and … does not go with last_order"),
        ("vegan != true", 7, "!= does not go with vegan, which is a boolean field; allowed are: is, is set"),
        ("tags = 'x'", 6, "= does not go with tags, which is a list field; allowed are: has any, has all, has none"),
        ("orders() contains 'x'", 10, "contains does not go with orders.count; allowed are: >, >="),
        ("orders.avg() is set", 14, "is set does not go with orders.avg"),
        ("events(visit) in last 3 days", 15, "in last … days does not go with events"),
        ("NOT (visits = 1 OR spend starts with 'x')", 26, "starts with does not go with spend, which is a money field"),
    ],
)
def test_an_operator_of_another_type_is_refused_where_it_stands_with_those_that_go(
    text: str, column: int, reason: str
) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("visits > 'x'", 10, "'x' is no number"),
        ("visits > yes", 10, "true is no number"),
        ("visits between 1 and 'x'", 16, "'x' is no number"),
        ("visits > 1e16", 10, "is beyond 10^15"),
        ("visits > 1e999", 10, "1e999 is beyond what a number can be"),
        ("visits > " + "9" * 31, 10, "a number may have 30 digits"),
        ("spend between 5 and 3", 15, "5 to 3 is reversed; the lower end comes first"),
        ("birthday between 2026-02-01 and 2026-01-01", 18, "is reversed"),
        ("city = 5", 8, "5 is no text"),
        ("city in ('a', 5)", 15, "5 is no text"),
        ('city = ""', 8, "an empty text is no value; ask for customers without one by is_not_set"),
        ("city in ('a', '')", 15, "an empty text is no value"),
        ("city contains '" + "x" * 201 + "'", 15, "is no text of at most 200 characters"),
        (r'city = "\x"', 8, r"after \ comes one of: \" \\ \/ \b \f \n \r \t, or \u and four hexadecimal digits"),
        (r"city = 'a' OR city = '\u12'", 22, r"after \ comes one of"),
        (r'city = "\ud800"', 8, "is no text"),
        ("last_order before 2026-02-30", 19, "'2026-02-30' is no date such as \"2026-01-31\""),
        ("last_order before 2026", 19, '2026 is no date such as "2026-01-31"'),
        ("last_order on '31.01.2026'", 15, "is no date"),
        ("last_order on 1899-12-31", 15, "between 1900 and 9998"),
        ("last_order in last 36501 days", 20, "36501 is no number of days from 0 to 36,500"),
        ("inactive for 1.5 days", 14, "1.5 is no number of days from 0 to 36,500"),
        ("abandoned_cart is 5", 19, "5 is neither true nor false"),
        ("orders() > 'x'", 12, "'x' is no number"),
        ("customer in (5)", 14, '5 is not a customer id in quotes, such as "c-17"'),
        ("customer in ('a', '')", 19, "is not a customer id: a text of 1 to 254 characters"),
    ],
)
def test_a_value_that_does_not_go_is_refused_where_it_stands(text: str, column: int, reason: str) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("orders(foo = 1) > 2", 8, "there is no filter foo here. Known are category, item, status, amount, last"),
        ("orders(categry = 'x') > 2", 8, "there is no filter categry here. Did you mean category?"),
        ("orders(visit) > 2", 8, "there is no filter visit here"),
        ("events(visit, status = shipped) > 2", 15, "events of the type visit have no property 'status'."),
        ("events(visit, amount >= 5) > 2", 15, "events of the type visit have no property 'amount'."),
        ("events(last 3 days) > 2", 1, "events(…) needs the type of the events, such as events(visit)"),
        ("events(Visit) > 3", 8, "'Visit' is no type of events: lower-case letters, digits and _"),
        ("events(visit, signup) > 3", 15, "type is said twice"),
        ("orders(last 3 days, last 4 days) > 3", 26, "last is said twice"),
        ("orders(status = shipped, status = pending) > 1", 26, "status is said twice"),
        ("orders(amount > 5) > 1", 8, "amount goes with >= only"),
        ("orders(category != 'x') > 1", 8, "category goes with = only"),
        ("orders(amount >= -1) > 2", 18, "-1 is below 0"),
        ("orders(amount >= '5') > 2", 18, "'5' is no number"),
        ("orders(last 0 days) > 2", 13, "0 is no number of days from 1 to 36,500"),
        ("orders(last 1.5 days) > 2", 13, "1.5 is no number of days from 1 to 36,500"),
        (
            "orders(status = lost) > 1",
            17,
            "there is no status 'lost'. Known are pending, confirmed, shipped, delivered",
        ),
        ("orders(status = shiped) > 1", 17, "there is no status 'shiped'. Did you mean shipped?"),
        ("orders(category = Books) > 2", 19, 'texts are written in quotes: "Books"'),
        ("orders(category = 5) > 2", 19, "texts are written in quotes"),
        ("orders(category = '') > 2", 19, "an empty text is no value"),
        ("orders(item contains '') > 2", 22, "an empty text is no value"),
        ("orders(item > 3) > 2", 13, "> does not go with item, which is a text field"),
        ("orders(item = lamp) > 2", 15, "a value stands here, a text in quotes"),
        ("orders(item = 'a', item = 'b') > 2", 20, "item is said twice"),
        ("orders.last() > 2", 15, "> does not go with orders.last, which is a date field; allowed are: in last … days"),
        ("orders.last() before birthday", 22, "orders.last is not compared with a field"),
        ("orders.first() before 2026-13-01", 23, "is no date"),
        ("orders.median() > 2", 8, "there is no measure median. Did you mean min?"),
        ("orders.x() > 2", 8, "there is no measure x. Known are count, sum, avg, max, min"),
        ("segment 'Big spender'", 9, "there is no segment named 'Big spender'. Did you mean Big spenders?"),
        ("visits = 1 AND segment 'xyz'", 24, "there is no segment named 'xyz'. Known are Big spenders"),
    ],
)
def test_a_filter_a_measure_or_a_segment_that_is_none_is_refused_where_it_stands(
    text: str, column: int, reason: str
) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "the text ends here; expected a condition such as spend > 100"),
        ("   ", 4, "the text ends here; expected a condition such as spend > 100"),
        ("spend", 6, "the text ends here; expected a comparison such as =, >=, between, contains"),
        ("spend 5", 7, "5 cannot stand here; expected a comparison such as ="),
        ("spend >", 8, "the text ends here; expected"),
        ("spend > AND visits > 1", 9, "AND cannot stand here; expected"),
        ("visits = 1 and", 15, "the text ends here; expected a condition"),
        ("visits = 1 or or", 17, "the text ends here; expected a comparison"),
        ("NOT", 4, "the text ends here; expected a condition"),
        ("(visits = 1", 12, "the text ends here; expected"),
        ("visits = 1)", 11, ") cannot stand here; expected"),
        ("()", 2, ") cannot stand here; expected a condition"),
        ("ALL OF visits = 1", 8, "visits cannot stand here; expected ("),
        ("visits = 1 visits = 2", 12, "visits cannot stand here; expected"),
        ("spend >= 5 AD visits > 3", 12, "Did you mean AND?"),
        ("city contian 'x'", 6, "Did you mean contains?"),
        ("city = Pune", 8, 'Texts are written in quotes: "Pune"'),
        ("visits > vists", 10, "there is no field 'vists'. Did you mean visits?"),
        ("visits > visits", 10, "visits is not compared with itself"),
        ("visits > spend", 10, "only fields of one type are compared"),
        ("city contains country", 15, "contains does not compare with another field"),
        ("loyalty_member is abandoned_cart", 19, "is does not compare with another field"),
        ("visits between order_count and 5", 16, "'order_count' is no number"),
        ("orders() > visits", 12, "is not compared with a field; a value stands here"),
        ("city in (Pune)", 10, 'texts are written in quotes: "Pune"'),
        ("city in ()", 10, ") cannot stand here; expected"),
        ("customer in ()", 14, ") cannot stand here; expected"),
        ("tags has any ('a',)", 19, ") cannot stand here; expected"),
        ("city = 'Pune", 8, "this quote has no end"),
        ("city = \"Pune' AND visits = 1", 8, "this quote has no end"),
        ("city = “Pune”", 8, '“ is no quote here; write texts in straight quotes, such as "Pune"'),
        ("city = ‘Pune’", 8, "‘ is no quote here"),
        ("spend > 10,000", 11, "Numbers are written without separators, such as 10000"),
        ("spend between 1,000 and 2,000", 16, "Numbers are written without separators"),
        ("spend > 5 # note", 11, "'#' cannot stand in a rule"),
        ("spend > $5", 9, "'$' cannot stand in a rule"),
        ("inactive for 90", 16, "the text ends here; expected days"),
        ("inactive for ninety days", 14, "ninety cannot stand here; expected a number"),
        ("events() > 1", 8, ") cannot stand here; expected"),
        ("orders(last days) > 1", 13, "days cannot stand here; expected a number"),
    ],
)
def test_what_cannot_stand_there_is_refused_with_what_can(text: str, column: int, reason: str) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize("text", ["spend > 5 x", "city = 'a' 5", "everyone everyone", "tags has any ('a') tags"])
def test_after_a_whole_condition_there_may_be_and_or_or_the_end(text: str) -> None:
    expected = str(refusal(text)).partition("expected ")[2]
    assert {"AND", "OR", "the end"} <= {word.strip() for word in expected.rstrip(".").replace(" or ", ",").split(",")}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("visits = 1\nAND foo = 2", (2, 5)),
        ("visits = 1\r\nAND\r\n  city > 2", (3, 8)),
        ("visits = 1 AND\n\n  visits > 'x'", (3, 12)),
        ('city = "a\nb" AND foo = 1', (2, 8)),
        ("visits = 1\n AND (\n", (3, 1)),
        ("\n\n", (3, 1)),
        ("visits = 1\n  §", (2, 3)),
        ("visits = 1\nAND city = 'a", (2, 12)),
        ("visits = 1 AND\norders(\n  foo = 1) > 2", (3, 3)),
    ],
)
def test_an_error_in_a_text_of_several_lines_names_the_line(text: str, place: tuple[int, int]) -> None:
    assert refused_at(text) == place
    assert f"line {place[0]}, " in str(refusal(text))


def test_a_long_word_is_cut_in_the_message() -> None:
    assert len(str(refusal("spend > 1 " + "x" * 100_000))) < 200


def test_a_text_may_make_200_nodes_and_no_more() -> None:
    assert "200 nodes" in str(refusal(" AND ".join(["visits = 1"] * 300)))
    assert "200 nodes" in str(refusal(" AND ".join(["visits = 1"] * 200)))


def test_a_text_may_make_8_levels_and_no_more() -> None:
    parse_text("NOT " * 7 + "visits = 1", SCOPE)
    assert "8 levels" in str(refusal("NOT " * 8 + "visits = 1"))


def test_a_text_may_have_200_000_characters_and_no_more() -> None:
    text = "visits = 1"
    parse_text(text + " " * (MAX_LENGTH - len(text)), SCOPE)
    exc = refusal(text + " " * (MAX_LENGTH + 1 - len(text)))
    assert "200,000 characters" in str(exc)
    assert (exc.line, exc.column) == (1, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NOT " * 5000 + "visits = 1", "8 levels"),
        ("NOT " * 5000, "the text ends here; expected a condition"),
        ("(" * 5000, "the text ends here; expected a condition"),
        ("NOT (" * 5000 + "visits = 1" + ")" * 5000, "8 levels"),
        ("ALL OF (" * 5000 + ")" * 5000, "8 levels"),
        ("ALL OF (" * 5000, "the text ends here; expected"),
        ("(visits = 1 AND " * 5000 + "x", "the text ends here; expected a comparison"),
        ("(visits = 1 OR " * 3000 + "visits = 1" + ")" * 3000, "8 levels"),
        (")" * 5000, ") cannot stand here"),
    ],
)
def test_a_text_nested_without_end_read(text: str, reason: str) -> None:
    assert reason in str(refusal(text))


def read_and_bind(text: str) -> None:
    """Any error but those of a text fails the test, and of a rule but that of an id of a segment that nobody has."""
    try:
        rule = parse_text(text, SCOPE)
    except BadRuleText as exc:
        place, ends = (exc.line, exc.column), (text.count("\n") + 1, len(text) + 1)
        assert 1 <= place[0] <= ends[0]
        assert 1 <= place[1] <= ends[1]
        return
    try:
        bind(rule, SCOPE)
    except BadRule as exc:
        assert "there is no segment with the id" in str(exc)  # noqa: PT017


@settings(max_examples=300)
@given(st.text(max_size=60))
@example("\0")
@example("\ud800")
@example("city = '\ud800'")
@example(r'customer in ("\ud800")')
@example("\r")
@example("spend > ٣")
@example("last_order on '٢٠٢٦-٠١-٣١'")
@example("orders(status = yes) > 1")
@example("events(type = 2026-01-31) > 1")
@example("events(type = 1e999) > 1")
@example("orders(last 1e999 days) > 1")
@example("inactive for 1e999 days")
@example("orders(amount >= 1e999) > 1")
@example("is set")
def test_any_text_is_a_rule_that_binds_or_is_refused_at_a_place(text: str) -> None:
    read_and_bind(text)


WORDS = (
    *("spend", "visits", "city", "tags", "last_order", "vegan", "attributes.size", "colour", "foo", "inactive"),
    *("AND", "or", "NOT", "all", "any", "none", "of", "everyone", "nobody", "customer", "segment", "id", "true", "no"),
    *("orders", "events", "orders()", "orders.avg(", "events(visit)", ".", "(", ")", ",", "category", "status", "type"),
    *("amount", "last", "the", "in", "days", "day", "for", "is", "set", "not", "between", "before", "after", "on"),
    *("has", "contains", "does", "contain", "starts", "start", "with", "more", "than", "ago"),
    *("=", "!=", "<>", "==", ">", ">=", "<", "<="),
    *("1", "-2.5", "1e400", "90", "10,000", "2026-01-31", "2026-02-30", "'a'", '"Big spenders"', '""', "'", '"', "\\"),
    *("\n", "“", "€", "\u2028", "\0"),
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=14), st.sampled_from(["", " "]))
def test_shuffled_words_of_rules_bind_or_are_refused_with_a_position(words: list[str], space: str) -> None:
    read_and_bind(space.join(words))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid text in which some characters or words are left out, doubled, swapped or replaced."""
    text = to_text(bind(draw(RULES), SCOPE))
    parts = list(text) if draw(st.booleans()) else text.split(" ")
    glue = "" if len(parts) == len(text) else " "
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        other = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["leave out", "double", "swap", "replace"])):
            case "leave out" if len(parts) > 1:
                del parts[place]
            case "double":
                parts.insert(place, parts[place])
            case "swap":
                parts[place], parts[other] = parts[other], parts[place]
            case _:
                parts[place] = draw(st.sampled_from(WORDS))
    return glue.join(parts)


@settings(max_examples=300)
@given(mutated())
def test_a_rule_with_slips_of_the_pen_is_a_rule_that_binds_or_is_refused_at_a_place(text: str) -> None:
    read_and_bind(text)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("customer in ('a', '" + "x" * 255 + "')", 19, "is not a customer id: a text of 1 to 254 characters"),
        ("customer in ('a', '\\ud800')", 19, "is not a customer id"),
        ("customer in (" + ", ".join(["'a'"] * 10_001) + ")", 14, "may name 10,000 customers, this one names 10,001"),
        ("city in (" + ", ".join(["'a'"] * 1_001) + ")", 6, "1,000 texts may stand here, not 1,001"),
        ("visits = 1 AND segment id 'nothing'", 27, "there is no segment with the id 'nothing'"),
        ("segment Big", 9, 'The name of a segment is written in quotes: "Big"'),
        ("inactive = 3", 1, "inactive goes with a number of days, such as inactive for 90 days"),
    ],
)
def test_what_only_the_tree_would_refuse_is_refused_where_it_stands(text: str, column: int, reason: str) -> None:
    exc = refusal(text)
    assert (exc.line, exc.column) == (1, column)
    assert reason in str(exc)


@pytest.mark.parametrize(
    "text",
    [
        *("{} = 1", "{} for 1 days", "orders({} = 1) > 1", "orders.{}() > 1", "orders(status = '{}') > 1"),
        *("events('{}') > 1", "segment '{}'", "city = {}", "visits {} 1"),
    ],
)
def test_a_message_quotes_the_beginning_of_what_is_long(text: str) -> None:
    message = str(refusal(text.format("x" * 100_000)))
    assert "xxx" in message
    assert len(message) < 1500
