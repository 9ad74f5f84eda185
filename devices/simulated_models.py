"""What the simulator's phones look like: believable, numbered without repeats, clearly invented.

Everything follows from one number (the device's own), so the same number always makes the same
phone and two numbers never share an IMEI or a serial number. The type allocation codes are
invented. No Django here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_ALPHABET = "0123456789CDFGHJKLMNPQRTVWXYZABE"
_SCRAMBLE = 2_654_435_761  # odd, so multiplying by it modulo 32**6 repeats nothing
_SERIALS = 32**6


@dataclass(frozen=True)
class Kind:
    """A model on sale: platform value, names, version and an invented allocation code."""

    platform: str
    model: str
    os_version: str
    management_mode: str
    allocation_code: str


@dataclass(frozen=True)
class Identity:
    """One phone: its kind and the numbers on its box."""

    kind: Kind
    name: str
    serial: str
    imei: str
    udid: str


KINDS = (
    Kind("ios", "iPhone 15", "18.1", "device", "35110911"),
    Kind("knox", "Galaxy S24", "14", "DO", "35220922"),
    Kind("ios", "iPhone 14", "17.6.1", "device", "35110933"),
    Kind("knox", "Galaxy A54", "14", "DO", "35220944"),
    Kind("ios", "iPhone SE", "16.7.10", "device", "35110955"),
    Kind("ipados", "iPad Air (cellular)", "18.1", "device", "35330966"),
    Kind("ios", "iPhone 15 Pro", "18.0.1", "device", "35110977"),
    Kind("knox", "Galaxy S23", "13", "DO", "35220988"),
    Kind("ios", "iPhone 13", "17.5.1", "device", "35110999"),
    Kind("knox", "Galaxy XCover6 Pro", "13", "DO", "35220910"),
    Kind("ipados", "iPad Pro 11 (cellular)", "17.6.1", "device", "35330921"),
    Kind("knox", "Galaxy Tab Active5", "14", "DO", "35220932"),
)


def luhn_digit(digits: str) -> str:
    """The digit that makes `digits` followed by it pass the Luhn check."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def identity(number: int) -> Identity:
    """The phone with this number. Repeats no IMEI below twelve million."""
    kind = KINDS[number % len(KINDS)]
    body = f"{kind.allocation_code}{number // len(KINDS) % 1_000_000:06d}"
    serial = _serial(number)
    digest = hashlib.sha256(f"simulated device {number}".encode()).hexdigest()
    udid = "" if kind.platform == "knox" else f"{digest[:8]}-{digest[8:24]}".upper()
    return Identity(
        kind=kind,
        name=f"{kind.model} {serial[-4:]}",
        serial=serial,
        imei=body + luhn_digit(body),
        udid=udid,
    )


def _serial(number: int) -> str:
    rest = number * _SCRAMBLE % _SERIALS
    letters = ""
    for _place in range(6):
        rest, digit = divmod(rest, len(_ALPHABET))
        letters += _ALPHABET[digit]
    return f"SIM{number // _SERIALS or ''}{letters}"
