#!/usr/bin/env python3
"""Writes src/tokenizer/unicode-tables.ts: how the reference tokenizer treats each Unicode code point.

The reference (the Rust `tokenizers`) mixes several versions of Unicode, so neither the standard's newest tables nor those of
the running Node agree with it everywhere. This asks the reference itself about every code point, so that token ids don't depend
on the Node version. Needed only when the reference changes:

    pip install tokenizers==0.23.3 && python3 scripts/make-bert-tables.py > src/tokenizer/unicode-tables.ts
"""
import string
import sys
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

OFF = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
CLEAN, STRIP, LOWER = (
    normalizers.BertNormalizer(**{**OFF, key: True}).normalize_str for key in ("clean_text", "strip_accents", "lowercase")
)
NFD = normalizers.NFD().normalize_str
PIECES = pre_tokenizers.BertPreTokenizer().pre_tokenize_str

# The first mark of each canonical combining class, in ascending order of class, of those that the reference knows: U+0345 has
# the highest, so that each of them moves before it.
KNOWN = [c for c in range(0x20000) if c == 0x345 or not 0xD800 <= c < 0xE000 and NFD(f"\u0345{chr(c)}") == f"{chr(c)}\u0345"]
MARKS = {unicodedata.combining(chr(c)): c for c in reversed(KNOWN)}
LADDER = [c for _, c in sorted(MARKS.items())]


def combining_rank(c: int) -> int:
    """0 for a starter, else 1 + the place of its combining class on the ladder."""
    swaps_before = [NFD(chr(mark) + chr(c)) == chr(c) + chr(mark) and mark != c for mark in LADDER]
    swaps_after = [NFD(chr(c) + chr(mark)) == chr(mark) + chr(c) and mark != c for mark in LADDER]
    if not any(swaps_before) and not any(swaps_after):
        return 0
    below = sum(swaps_after)  # marks of a lower class move before it
    assert sum(swaps_before) == len(LADDER) - below - 1, hex(c)
    return below + 1


def base36(n: int) -> str:
    digits = string.digits + string.ascii_lowercase
    return digits[n] if n < 36 else base36(n // 36) + digits[n % 36]


def runs(values: dict[int, int], step_of_two: bool = False) -> list[tuple[int, int, int, int]]:
    """(first, count, step, value) of code points with the same value that lie one (or, for letter cases, two) apart."""
    out: list[list[int]] = []
    for c, value in sorted(values.items()):
        if out:
            first, count, step, held = out[-1]
            gap = c - (first + (count - 1) * step)
            if held == value and (gap == step or (count == 1 and step_of_two and gap == 2)):
                out[-1] = [first, count + 1, gap, held]
                continue
        out.append([c, 1, 1, value])
    return [tuple(run) for run in out]


def encode(values: dict[int, int], valued: bool, step_of_two: bool = False) -> str:
    words, at = [], 0
    for first, count, step, value in runs(values, step_of_two):
        word = base36(first - at)
        at = first
        if valued:
            sign = "-" if value < 0 else "+"
            word += sign + base36(abs(value))
        if count > 1:
            word += ("*" if step == 1 else ":") + base36(count)
        words.append(word)
    return " ".join(words)


def wrapped(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 110:
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line.rstrip())
    return " +\n  ".join(f"'{line}'" for line in lines)


# Where whole ranges behave alike, the code that reads these tables says so itself: surrogates, Hangul, private use.
SKIPPED = [range(0xD800, 0xF900), range(0xAC00, 0xD7A4), range(0xF0000, 0x110000)]
# The private use ranges and their neighbours that are no characters, as that code has them.
for c in [*range(0xE000, 0xF900), *range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE)]:
    assert CLEAN(chr(c)) == "", hex(c)
for c in [0xFFFFE, 0xFFFFF, 0x10FFFE, 0x10FFFF]:
    assert CLEAN(chr(c)) == STRIP(chr(c)) == LOWER(chr(c)) == chr(c) and len(PIECES("a" + chr(c))) == 1, hex(c)

removed, spaces, dropped, punctuation, decomposing, ranks, lower = {}, {}, {}, {}, {}, {}, {}
for c in range(0x110000):
    if any(c in skipped for skipped in SKIPPED):
        continue
    s = chr(c)
    if CLEAN(s) == "":
        removed[c] = 1
    if NFD(s) != s:
        decomposing[c] = 1
        assert STRIP(s) == "".join(STRIP(part) for part in NFD(s)), hex(c)
    elif STRIP(s) == "":
        dropped[c] = 1
    pieces = [piece for piece, _ in PIECES(f"a{s}b")]
    if pieces == ["a", "b"]:
        spaces[c] = 1
    elif pieces == ["a", s, "b"]:
        punctuation[c] = 1
    if CLEAN(s) == " ":
        assert c in spaces
    if c in spaces:
        assert CLEAN(s) in (" ", ""), hex(c)
    if rank := combining_rank(c) if NFD(s) == s else 0:
        ranks[c] = rank
    if c != 0x130 and LOWER(s) != s:
        (to,) = LOWER(s)
        lower[c] = ord(to) - c
assert LOWER("\u0130") == "i\u0307"

command = "scripts/make-bert-tables.py"
sys.stdout.write(f"""/**
 * How the reference tokenizer (`tokenizers` {tokenizers.__version__}) treats each code point; made by {command}, not by hand.
 *
 * Runs of code points, in base 36: the distance from the last run's first, then `+` or `-` and the value where runs have one,
 * then `*` and the count of neighbours or `:` and the count of every second one.
 */

/** Taken out by `clean_text`: control, format, U+FFFD. */
export const removed =
  {wrapped(encode(removed, False))};

/** White space between words. */
export const spaces =
  {wrapped(encode(spaces, False))};

/** A word of its own. */
export const punctuation =
  {wrapped(encode(punctuation, False))};

/** Taken out by `strip_accents`: nonspacing marks. */
export const accents =
  {wrapped(encode(dropped, False))};

/** Has a canonical decomposition (NFD), Hangul apart. */
export const decomposing =
  {wrapped(encode(decomposing, False))};

/** Marks that canonical ordering moves, with the rank of their combining class. */
export const combiningRanks =
  {wrapped(encode(ranks, True))};

/** Distance to the lower-case letter; U+0130 apart, which becomes two. */
export const lowerCase =
  {wrapped(encode(lower, True, True))};
""")
