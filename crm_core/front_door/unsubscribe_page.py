"""The page behind an unsubscribe link, as HTML without a script: it is read in whatever opens a link of a message."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from crm_core.campaigns.unsubscribing.links import PATH
from crm_core.campaigns.unsubscribing.service import Choice, Choices
from crm_core.workspace.accent import shade_on

STOP: Final = "stop"
ALLOW: Final = "allow"
CARDS: Final = ("#FFFFFF", "#12151E")
"""What buttons stand on, as in unsubscribe.css: by day and by night."""
NO_BREAK_HYPHEN: Final = "\u2011"
NO_SOURCES: Final = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_CSS: Final = Path(__file__).with_name("unsubscribe.css").read_text("utf-8")
_STATES: Final = {"granted": "You said yes to these.", "denied": "You said no to these.", "unknown": ""}
_SAMPLE: Final = (
    "This link is from a preview or a test message. In the message that a customer gets it unsubscribes that customer; "
    "this one unsubscribes nobody."
)


@dataclass(frozen=True)
class Page:
    """policy: the Content-Security-Policy that it needs."""

    html: str
    policy: str


@dataclass(frozen=True)
class Look:
    """Of the workspace."""

    name: str
    accent: str

    def page(self, title: str, *parts: str) -> Page:
        """parts: HTML."""
        style = _style(self.accent)
        html = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex">'
            f"<title>{escape(title)} – {escape(self.name)}</title><style>{style}</style></head>"
            f'<body><main><p class="sender">{escape(self.name)}</p><h1>{escape(title)}</h1>{"".join(parts)}</main>'
            "</body></html>"
        )
        return Page(html, _policy(style))


def choices_page(look: Look, token: str, found: Choices) -> Page:
    """What the customer gets over the channel of the link, and then over the others."""
    if found.is_sample:
        return look.page("This is a sample", f"<p>{_SAMPLE}</p>")
    own, label, name = found.own, _label(found.own), escape(look.name)
    if own.is_on:
        title, words = f"Unsubscribe from {label} messages?", f"{name} writes to you{_whereto(own)} by {label}."
        button = _button(token, "Unsubscribe", is_main=True)
    elif own.may_change:
        title, words = "You are unsubscribed", f"{name} sends you no more {label} messages{_whereto(own)}."
        button = _button(token, "I clicked by mistake: subscribe again", own, ALLOW)
    else:
        title, words = "You get no messages", f"{name} has stopped {label} messages to you{_whereto(own)}."
        button = ""
    return look.page(title, f"<p>{words}</p>", button, "" if own.is_on else _others(token, found))


def message_page(look: Look, title: str, words: str) -> Page:
    return look.page(title, f"<p>{escape(words)}</p>")


def _others(token: str, found: Choices) -> str:
    if not found.others:
        return ""
    rows = "".join(f"<li><div>{_about(each)}</div>{_toggle(token, each)}</li>" for each in found.others)
    return f"<h2>Other messages</h2><ul>{rows}</ul>"


def _about(choice: Choice) -> str:
    where = f" {escape(choice.address)}" if choice.address else ""
    state = "You get these." if choice.is_on else "You do not get these."
    note = f'<span class="note">{state} {_STATES[choice.consent]}</span>'
    return f"<strong>{escape(choice.channel.label)}</strong>{where}<br>{note}"


def _toggle(token: str, choice: Choice) -> str:
    if not choice.may_change:
        return ""
    label = escape(choice.channel.label)
    act = STOP if choice.is_on else ALLOW
    return _button(token, f"{'Stop' if choice.is_on else 'Allow'} {label}", choice, act)


def _button(token: str, label: str, choice: Choice | None = None, act: str = "", *, is_main: bool = False) -> str:
    """A form, since only a POST changes anything. choice: None for what the link itself does."""
    target = f"{PATH}{token}" + (f"/{choice.channel.name}/{act}" if choice else "")
    look = ' class="main"' if is_main else ""
    return f'<form method="post" action="{escape(target)}"><button{look}>{escape(label)}</button></form>'


def _label(choice: Choice) -> str:
    """As it stands within a sentence: ``e-mail``, but ``SMS``; not to be broken."""
    label = choice.channel.label
    plain = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    return escape(plain).replace("-", NO_BREAK_HYPHEN)


def _whereto(choice: Choice) -> str:
    return f' at <span class="word">{escape(choice.address)}</span>' if choice.address else ""


@cache
def _style(accent: str) -> str:
    light, dark = (shade_on(accent, card).fill for card in CARDS)
    return f":root {{ --light-fill: {light}; --dark-fill: {dark}; }}\n{_CSS}"


@cache
def _policy(style: str) -> str:
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"{NO_SOURCES}; style-src 'sha256-{digest}'"
