"""A publication table against what is published here: read a file, hold it against the rows behind the gate."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.tables import UnreadableFileError, read_table_file
from results.publication.open_data import published_rows
from results.publication.queries import PublicResult
from results.publication.tables import Comparison, PublicationTable, compare_with, read_publication


def read_publication_file(content: bytes) -> PublicationTable:
    """Read a publication table from CSV or XLSX.

    Raises:
        InvalidInputError: neither, or no publication table.
    """
    try:
        table = read_table_file(content)
    except UnreadableFileError as error:
        raise InvalidInputError(
            _l("This file cannot be read as CSV or XLSX: %(why)s.", why=error.message), field="file"
        ) from error
    return read_publication(table.rows)


def compare_table(
    session: Session,
    table: PublicationTable,
    *,
    year: int | None = None,
    address_of: Callable[[PublicResult], str] = str,
) -> Comparison:
    """Hold a table against what is published: in all years, or by the notices of one."""
    return compare_with(table, published_rows(session, table.form, address_of, year=year))
