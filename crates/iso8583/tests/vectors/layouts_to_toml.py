"""Writes each layout of specs.json as a dialect file: dialects/<layout>.toml.

A layout says nothing about characters: text becomes `ans` in Latin-1 (every printable byte and all above 0x7F),
packed digits become `n`, those of the tracks `z`.

    python3 layouts_to_toml.py [specs.json [directory]]
"""

import json
import pathlib
import sys

TRACKS = {35, 36}


def field(number, spec):
    data, dots, most = spec["data"], "." * spec["len"].count("L"), spec["max"]
    if dots and spec["len_enc"] != "bin":
        # A few layouts allow more than their length indicator can say.
        most = min(most, 10 ** len(dots) - 1)
    entry = {}
    if data in ("bin", "hexa"):
        entry["format"] = f"b{dots}{most}" if dots else f"b{most * 8}"
        entry["encoding"] = "binary" if data == "bin" else "hex"
    elif data == "bcd":
        entry["format"] = ("z" if number in TRACKS else "n") + f"{dots}{most}"
        entry["encoding"] = "bcd"
    elif data == "x+bcd":
        entry["format"] = f"x+n{dots}{most - 1}"
        entry["encoding"] = "bcd"
        entry["signs"] = "any"
    else:
        entry["format"] = f"ans{dots}{most}"
        entry["encoding"] = "latin-1" if data == "ascii" else "ebcdic-500"
    if dots:
        entry["lengths"] = {"ascii": "ascii", "ebcdic": "ebcdic", "bcd": "bcd", "bin": "binary"}[spec["len_enc"]]
    if spec.get("len_bytes"):
        entry["length_bytes"] = spec["len_bytes"]
    if spec.get("pad"):
        entry["pad"] = spec["pad"]
    inside = ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry.items())
    return f"{number} = {{ {inside} }}"


def dialect(name, layout):
    mti = {"ascii": "ascii", "bcd": "bcd", "ebcdic": "ebcdic-500"}[layout["mti"]]
    bitmap = {"bin": "binary", "hex": "hex", "ehex": "ebcdic-hex-500"}[layout["bitmap"]]
    lines = [
        f"# The layout {name} of specs.json, written by layouts_to_toml.py.",
        f'name = "{name}"',
        "",
        "[wire]",
        f'mti = "{mti}"',
        f'bitmap = "{bitmap}"',
    ]
    if "bitmap_fixed" in layout:
        lines.append(f'bitmaps = "fixed-{layout["bitmap_fixed"]}"')
    if layout["header"]:
        lines.append(f'header = "bytes:{layout["header"]}"')
    lines += ["", "[fields]"]
    numbers = sorted(int(number) for number in layout["fields"] if int(number) > 1)
    # A layout may list an element without a length: it has none.
    numbers = [number for number in numbers if layout["fields"][str(number)]["max"] > 0]
    lines += [field(number, layout["fields"][str(number)]) for number in numbers]
    return "\n".join(lines) + "\n"


def main():
    here = pathlib.Path(__file__).parent
    specs = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "specs.json"
    directory = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here / "dialects"
    for name, layout in json.loads(specs.read_text()).items():
        (directory / f"{name}.toml").write_text(dialect(name, layout))


main()
