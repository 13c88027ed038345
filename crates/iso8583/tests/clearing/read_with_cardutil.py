#!/usr/bin/env python3
"""Reads an IPM file with cardutil and prints its records as JSON: an independent reader for our files.

Usage: read_with_cardutil.py FILE ENCODING [--blocked]

ENCODING is latin-1 or cp500. Output: a list with one object per record, keys as in expected.json (MTI, DEn, PDSnnnn,
parts of DE43); integers as numbers, times as ISO 8601, bytes as "hex:" and lower-case hexadecimal digits.
Needs cardutil 0.7.3 (pip install cardutil==0.7.3). Exit status: 0 read, 2 cardutil is missing or another version;
any other is that of a Python error. The output holds card numbers: use it for test files only.
"""

import argparse
import datetime
import decimal
import json
import sys
from importlib import metadata

VERSION = "0.7.3"


def as_json(value):
    if isinstance(value, (bytes, bytearray)):
        return "hex:" + bytes(value).hex()
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("encoding", choices=["latin-1", "cp500"])
    parser.add_argument("--blocked", action="store_true", help="the file is in blocks of 1014 bytes")
    arguments = parser.parse_args()
    try:
        found = metadata.version("cardutil")
    except metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        print(f"cardutil: expected {VERSION}, found {found}; pip install cardutil=={VERSION}", file=sys.stderr)
        return 2
    from cardutil import mciipm

    with open(arguments.file, "rb") as file:
        reader = mciipm.IpmReader(file, encoding=arguments.encoding, blocked=arguments.blocked)
        json.dump(list(reader), sys.stdout, default=as_json, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
