"""The words by which a customer is found, and what was typed as such words: one form on both sides."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice
from typing import Literal

from crm_core.customers.model import StoredCustomer
from crm_core.infra.text import fold

MAX_WORDS = 24
MAX_WORD = 80
"""Characters that are kept of a word, and compared of a typed one."""
MAX_ID_PARTS = 12
MIN_DIGITS = 3
NAMES: tuple[Literal["name", "first_name", "last_name"], ...] = ("name", "first_name", "last_name")

INTERNATIONAL = r"^[ (]*(\+|00)"
"""How a phone number begins that has its calling code."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_PARTS = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"[+(]?[0-9][0-9()./-]*")
_PHONE_PART = re.compile(r"[0-9()./-]+")
_TRUNK = re.compile(r"^0{1,2}(?=[1-9][0-9]{2})")
_CALLING_CODE = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
"""Source: ITU-T E.164, assigned country codes: which have one digit, which two, all others three."""


def customer_words(customer: StoredCustomer) -> list[str]:
    """What finds this customer: id, e-mail address, phone and names; distinct, sorted, at most MAX_WORDS."""
    words = dict.fromkeys(word[:MAX_WORD] for word in _all_words(customer) if word)
    return sorted(list(words)[:MAX_WORDS])


def typed_terms(text: str) -> list[list[list[str]]]:
    """What was typed, term by term: each is a list of alternatives, an alternative the words that must all be found.

    "asha +49 30 123": [[["asha"]], [["+49", "30", "123"], ["4930123"]]]; a phone number is written in many ways.
    """
    return [list(_alternatives(run)) for run in _runs(_normal(text).split())]


def national_numbers(text: str, own_code: str) -> list[str | None]:
    """Of each term that is a number with the calling code ``own_code``, what follows it: as who writes no calling code
    has stored it. None for other terms. "asha +49 30 123" of 49: [None, "30123"]."""
    return [_national(run, own_code) for run in _runs(_normal(text).split())]


def _all_words(customer: StoredCustomer) -> Iterator[str]:
    """The surest ones first: those of a long name are what is left out. An id of many parts leaves room for them."""
    id_words = _normal(customer["_id"]).split()
    yield from id_words
    yield _normal(customer.get("email", ""))
    yield from _phone_words(customer.get("phone", ""))
    yield from islice(chain.from_iterable(map(_PARTS.findall, id_words)), MAX_ID_PARTS)
    for name in NAMES:
        if text := customer.get(name):
            yield from _words(text)


def _words(text: str) -> Iterator[str]:
    """ "Anne-Marie" is found by that, and by each of its parts."""
    for word in _normal(text).split():
        yield word
        yield from _PARTS.findall(word)


def _phone_words(phone: str) -> Iterator[str]:
    """The digits; of an international number also those after its calling code."""
    digits = _digits(phone)
    yield digits
    if is_international(phone) and (code := _CALLING_CODE.match(digits)):
        yield digits[code.end() :].lstrip("0")


def _runs(words: list[str]) -> Iterator[list[str]]:
    """Neighbours that may be parts of one phone number stand together."""
    run: list[str] = []
    for word in words:
        if run and not (_PHONE.fullmatch(run[0]) and _PHONE_PART.fullmatch(word)):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _alternatives(run: list[str]) -> Iterator[list[str]]:
    words = [word[:MAX_WORD] for word in run]
    yield words
    digits = _digits("".join(run))
    if _PHONE.fullmatch("".join(run)) and len(digits) >= MIN_DIGITS and words != [digits]:
        yield [digits[:MAX_WORD]]


def _national(run: list[str], own_code: str) -> str | None:
    phone = "".join(run)
    digits = _digits(phone)
    if not own_code or not _PHONE.fullmatch(phone) or not is_international(phone) or not digits.startswith(own_code):
        return None
    national = digits.removeprefix(own_code).lstrip("0")[:MAX_WORD]
    return national if len(national) >= MIN_DIGITS else None


def _digits(phone: str) -> str:
    """Without what is dialled before a number at home or abroad: 0 or 00, also as (0) within it."""
    return _TRUNK.sub("", re.sub(r"[^0-9]", "", phone.replace("(0)", "")))


def is_international(phone: str) -> bool:
    return re.match(INTERNATIONAL, phone) is not None


def _normal(text: str) -> str:
    """Folded, without accents and without what no stored text has: control characters and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text.lower()  # the same, and most are
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", fold(text)))
    return "".join(char if char.isprintable() else " " for char in unicodedata.normalize("NFKC", bare))
