"""Small lists that people upload: the rows of a text file, whatever stands between its cells."""

import csv
import io

DELIMITERS = ",;\t"


def read_rows(data: bytes) -> list[list[str]]:
    """Without empty rows. The delimiter is the one of ``DELIMITERS`` that the first line has most of."""
    text = data.decode("utf-8-sig", "replace")
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
