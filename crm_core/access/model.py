"""Preferences as they are stored, for the type checker."""

from typing import TypedDict


class Preferences(TypedDict):
    """_id: of the user. tour: a TourChoice."""

    _id: str
    tour: str
