"""Reads a spreadsheet or a document with other programs and prints what is in it.

Arguments: the files. For .xlsx each row of each sheet as JSON, for .pdf the text of each page as JSON."""
import datetime
import json
import sys

import openpyxl
import pypdf


def plain(value):
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


for name in sys.argv[1:]:
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(name)
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                cells = [[plain(cell.value), cell.data_type] for cell in row]
                print(json.dumps({"sheet": sheet.title, "frozen": sheet.freeze_panes, "cells": cells}))
        print(json.dumps({"created": plain(book.properties.created)}))
    else:
        reader = pypdf.PdfReader(name)
        for page in reader.pages:
            print(json.dumps({"page": page.extract_text()}))
        print(json.dumps({"created": reader.metadata.get("/CreationDate")}))
