"""The forms that a manifest has values in."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Optional


def text_digest(text: Optional[str], javascript: bool = False) -> Optional[str]:
    """A text of more than 40 characters (JavaScript counts UTF-16's units) as the start of its SHA-256."""
    if text is None or (len(text.encode("utf-16-le", "surrogatepass")) // 2 if javascript else len(text)) <= 40:
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def value_digest(value: Any) -> str:
    """The start of the SHA-256 of a value as Python writes it in JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def javascript_number(number: float) -> str:
    """As JSON.stringify writes it: the digits of Python's repr, with an exponent only from 1e21 and below 1e-6."""
    if number == 0:
        return "0"
    digits, exponent = f"{abs(number)!r}", 0
    if "e" in digits:
        digits, power = digits.split("e")
        exponent = int(power)
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + exponent
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    sign = "-" if number < 0 else ""
    if not -6 < point <= 21:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def javascript_digest(numbers: Any) -> str:
    """The start of the SHA-256 of an embedding as JSON.stringify writes it."""
    text = "[" + ",".join(javascript_number(each) for each in numbers if math.isfinite(each)) + "]"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
