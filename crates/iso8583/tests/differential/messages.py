"""Random messages of pyiso8583, an independent implementation (MIT), as JSON lines for tests/differential.rs.

One table makes both the specification of pyiso8583 and the dialect file of ours. Each line has the dialect, the
message type, the values and the bytes; pyiso8583 has decoded the bytes to the values again.

Run: pip install pyiso8583==4.0.1 && python3 messages.py <seed> <messages per dialect>
"""

import json
import random
import sys

import iso8583

# Data element: class, digits of the length (0: fixed), greatest length in characters (of binary data in bytes).
ELEMENTS = {
    2: ("n", 2, 19), 3: ("n", 0, 6), 4: ("n", 0, 12), 7: ("n", 0, 10), 11: ("n", 0, 6), 22: ("n", 0, 3),
    26: ("n", 0, 1), 28: ("x+n", 0, 8), 32: ("n", 2, 11), 35: ("z", 2, 37), 37: ("an", 0, 12), 38: ("a", 0, 6),
    41: ("ans", 0, 8), 43: ("ans", 0, 40), 48: ("ans", 3, 999), 52: ("b", 0, 8), 55: ("b", 3, 255), 64: ("b", 0, 8),
    66: ("n", 0, 1), 70: ("n", 0, 3), 90: ("n", 0, 42), 97: ("x+n", 0, 16), 100: ("n", 2, 11), 102: ("ans", 2, 28),
    120: ("ans", 3, 255), 128: ("b", 0, 8),
}

# Dialect: what is written how; `mti`, `bitmap` and so on are the words of dialect files.
DIALECTS = {
    "ascii": {},
    "ascii-binary-lengths": {"lengths": "binary", "bitmap": "binary", "binary": "binary"},
    "packed": {"mti": "bcd", "bitmap": "binary", "digits": "bcd", "track": "bcd", "lengths": "bcd",
               "binary": "binary"},
    "packed-right-f": {"mti": "bcd", "bitmap": "binary", "digits": "bcd", "track": "bcd", "lengths": "binary",
                       "binary": "binary", "pad": "right", "pad_digit": "f"},
    "packed-ebcdic": {"text": "ebcdic-037", "mti": "bcd", "bitmap": "binary", "digits": "bcd", "track": "bcd",
                      "lengths": "bcd", "binary": "binary", "pad": "left", "pad_digit": "f"},
    "ebcdic-500": {"text": "ebcdic-500", "mti": "ebcdic-500", "bitmap": "ebcdic-hex-500", "lengths": "ebcdic",
                   "binary": "ebcdic-hex-500"},
    "ebcdic-037": {"text": "ebcdic-037", "mti": "ebcdic-037", "bitmap": "binary", "lengths": "ebcdic",
                   "binary": "binary"},
}
DEFAULTS = {"text": "ascii", "mti": "ascii", "bitmap": "hex", "lengths": "ascii", "binary": "hex", "digits": "text",
            "pad": "left", "pad_digit": "0"}
CODES = {"ascii": "ascii", "hex": "ascii", "ebcdic-037": "cp037", "ebcdic-hex-037": "cp037",
         "ebcdic-500": "cp500", "ebcdic-hex-500": "cp500", "bcd": "b", "binary": "b"}


def elements(wire):
    """Signs beside packed digits are unknown to pyiso8583."""
    return {de: e for de, e in ELEMENTS.items() if not (wire["digits"] == "bcd" and e[0] == "x+n")}


def dialect_file(name, wire):
    lines = [f'name = "{name}"', f'title = "{name}"', "version = 1987", "[wire]"]
    lines += [f'{key} = "{value}"' for key, value in wire.items() if value != "text"]
    lines.append("[fields]")
    for de, (kind, digits, length) in elements(wire).items():
        length = length * 8 if kind == "b" and not digits else length
        lines.append(f'{de} = {{ name = "element {de}", format = "{kind}{"." * digits}{length}" }}')
    return "\n".join(lines)


def element_spec(wire, kind, digits, length):
    lengths = wire["lengths"]
    spec = {"data_enc": CODES[wire["text"]], "len_enc": CODES[wire["text"]], "len_type": digits, "max_len": length,
            "desc": ""}
    if lengths in ("bcd", "binary"):
        spec["len_enc"] = {"bcd": "bcd", "binary": "b"}[lengths]
        # Bytes of the length indicator: two digits per byte, or what the greatest length needs.
        spec["len_type"] = (digits + 1) // 2
        if digits and lengths == "binary":
            spec["len_type"] = 1 if digits < 3 else 2
    if kind == "b":
        hexadecimal = wire["binary"] != "binary"
        spec["data_enc"] = CODES[wire["binary"]]
        # Binary data as text are counted in bytes by our dialects, in characters by pyiso8583.
        spec["max_len"] = length * 2 if hexadecimal else length
    elif kind == "x+n":
        spec["max_len"] = length + 1
    elif kind in ("n", "z") and wire["digits"] == "bcd":
        spec["data_enc"], spec["len_count"] = "b", "nibbles"
        spec[f'{wire["pad"]}_pad'] = wire["pad_digit"].upper()
    return spec


def specification(wire):
    def fixed(encoding, text_length):
        packed = CODES[encoding] == "b"
        return {"data_enc": CODES[encoding], "len_enc": "ascii", "len_type": 0,
                "max_len": text_length // 2 if packed else text_length, "desc": ""}

    spec = {"h": {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0, "max_len": 0, "desc": ""},
            "t": fixed(wire["mti"], 4), "p": fixed(wire["bitmap"], 16), "1": fixed(wire["bitmap"], 16)}
    for de, element in elements(wire).items():
        spec[str(de)] = element_spec(wire, *element)
    # It wants every element to be described.
    for de in range(2, 129):
        spec.setdefault(str(de), element_spec(wire, "ans", 3, 999))
    return spec


CHARACTERS = {"n": "0123456789", "z": "0123456789=", "a": "ABCXYZabcxyz ", "an": "ABCXYZabcxyz019 ",
              "ans": "".join(map(chr, range(0x20, 0x7F)))}


def value(chance, kind, digits, length):
    if digits:
        length = chance.choice([0, 1, 2, length - 1, length, chance.randint(0, length)])
    if kind == "b":
        return chance.randbytes(length).hex().upper()
    if kind == "x+n":
        return chance.choice("CD") + "".join(chance.choices(CHARACTERS["n"], k=length))
    return "".join(chance.choices(CHARACTERS[kind], k=length))


def line(chance, wire, spec):
    known = elements(wire)
    chosen = sorted(chance.sample(list(known), chance.randint(1, len(known))))
    if wire["binary"] != "binary":
        # Lengths of binary data as text are counted differently (see above).
        chosen = [de for de in chosen if known[de][0] != "b" or not known[de][1]]
    mti = f"0{chance.randint(1, 8)}{chance.randint(0, 4)}{chance.randint(0, 3)}"
    values = {str(de): value(chance, *known[de]) for de in chosen}
    # The separator of a packed track is the nibble D.
    packed = wire["digits"] == "bcd"
    theirs = {de: text.replace("=", "D") if packed and de == "35" else text for de, text in values.items()}
    written, _ = iso8583.encode({"h": "", "t": mti, **theirs}, spec)
    read, _ = iso8583.decode(bytes(written), spec)
    assert {de: read[de].upper() if known[int(de)][0] in "bz" else read[de] for de in theirs} == theirs
    return {"mti": mti, "fields": values, "hex": bytes(written).hex()}


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    for name, own in DIALECTS.items():
        wire = DEFAULTS | own
        chance, spec = random.Random(f"{seed} {name}"), specification(wire)
        messages = [line(chance, wire, spec) for _ in range(count)]
        print(json.dumps({"dialect": dialect_file(name, wire), "messages": messages}))


if __name__ == "__main__":
    main()
