"""Writes pyiso8583.jsonl: messages encoded by pyiso8583, an independent implementation (MIT).

Run in this directory: pip install pyiso8583==4.0.1 && python3 generate_pyiso8583.py
"""

import copy
import json

import iso8583
from iso8583.specs import default_ascii

# The 1987 text layout; pyiso8583's own differs only in elements that are not used here.
SPEC = copy.deepcopy(default_ascii)
SPEC["54"]["max_len"] = 120

VISA, VISA_2 = "4111111111111111", "4012888888881881"
MASTERCARD, MASTERCARD_2 = "5500005555555559", "5555555555554444"
PLACE = "TEST MARKET ISTANBUL".ljust(25) + "ISTANBUL".ljust(13) + "TR"
assert len(PLACE) == 40


def purchase(pan, stan, amount, **more):
    fields = {
        "2": pan, "3": "000000", "4": f"{amount:012}", "7": "1121120000", "11": stan, "12": "150000",
        "13": "1121", "14": "2912", "18": "5411", "22": "051", "25": "00", "32": "123456",
        "37": "6325" + stan.rjust(8, "0"), "41": "TERM0001", "42": "MERCHANT0000001", "43": PLACE, "49": "949",
    }
    fields.update({de.removeprefix("de"): value for de, value in more.items()})
    return fields


def original(mti, stan):
    return mti + stan + "1121120000" + "123456".rjust(11, "0") + "0" * 11


def drop(fields, *elements):
    return {de: value for de, value in fields.items() if de not in elements}


TAGS = "".join(tag + f"{len(value):03}" + value for tag, value in (("01", "MILES"), ("P7", ""), ("Z9", "A B=1")))

MESSAGES = [
    ("0100-authorization", "0100", purchase(VISA, "000001", 12550)),
    ("0101-repeat", "0101", purchase(VISA, "000001", 12550)),
    ("0110-response", "0110", drop(purchase(VISA, "000001", 12550, de38="A1B2C3", de39="00"), "14", "43")),
    ("0120-advice", "0120", purchase(MASTERCARD, "000002", 990, de38="000123", de39="00")),
    ("0200-purchase-cashback", "0200", purchase(MASTERCARD_2, "000003", 30000, de3="090000",
     de48=TAGS, de54="0040949D000000010000" + "3002840C000000000199")),
    ("0220-advice", "0220", purchase(VISA_2, "000004", 100, de38="000124", de39="00",
     de5="000000000003", de6="000000000100", de9="72900000", de10="61000000", de50="840", de51="949")),
    ("0221-advice-repeat", "0221", purchase(VISA_2, "000004", 100, de38="000124", de39="00")),
    ("0220-refund", "0220", purchase(MASTERCARD, "000005", 4999, de3="200000", de39="00")),
    ("0400-reversal", "0400", drop(purchase(VISA, "000006", 12550, de90=original("0100", "000001")), "14", "43")),
    ("0420-partial-reversal", "0420", drop(purchase(MASTERCARD_2, "000007", 30000, de39="17",
     de90=original("0200", "000003"), de95="000000010000" + "0" * 30), "14", "43")),
    ("0420-fees", "0420", purchase(MASTERCARD, "000008", 990, de28="D00000150", de30="C00000025",
     de90=original("0120", "000002"))),
    ("0800-sign-on", "0800", {"7": "1121120000", "11": "000009", "70": "001"}),
    ("0810-sign-on-response", "0810", {"7": "1121120000", "11": "000009", "39": "00", "70": "001"}),
    ("0200-transfer", "0200", purchase(VISA_2, "000010", 500000, de3="401020", de35=VISA_2 + "=29122010000000000000",
     de52="0123456789ABCDEF", de102="TR000000000000000000000001", de103="0000000042", de128="FEDCBA9876543210")),
]


def main():
    with open("pyiso8583.jsonl", "w", encoding="ascii") as out:
        for name, mti, fields in MESSAGES:
            raw, _ = iso8583.encode({"t": mti, **fields}, SPEC)
            decoded, _ = iso8583.decode(raw, SPEC)
            assert {de: decoded[de] for de in fields} == fields and decoded["t"] == mti
            line = {
                "id": name, "source": "generated with pyiso8583 4.0.1", "licence": "own",
                "hex": bytes(raw).hex(), "fields": {"0": mti, **dict(sorted(fields.items(), key=lambda f: int(f[0])))},
            }
            out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
