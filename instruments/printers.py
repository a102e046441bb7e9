"""Label printers: devices that are only written to. The same ports as the readers, with a time-out for every write.

A printer out of paper takes no bytes: the write fails after `WRITE_SECONDS` and says so, and nothing waits for ever.
What was written before is on the paper or in the printer, so a job is never sent again by itself; a person looks first.
"""

from dataclasses import dataclass, field

from instruments.transports import Opener, opener_for
from instruments.types import SerialSettings
from instruments.words import port_words
from lims.i18n import gettext as _

CHUNK = 1024  # bytes of one write: a printer that stops is noticed between two of them
ESC_POS_STATUS = b"\x10\x04\x01"  # DLE EOT 1: printer status
TSPL_STATUS = b"\x1b!?"
ZPL_STATUS = b"~HS"
STATUS_QUERIES = {"esc-pos": ESC_POS_STATUS, "tspl": TSPL_STATUS, "zpl": ZPL_STATUS}
STATUS_SECONDS = 1.0


class PrinterError(Exception):
    """The label was not printed, or nobody knows; the message says how much the printer took."""


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer behind a port.

    Attributes:
        port: as in the configuration of the reader: a device path, `tcp://host:9100` or a pyserial URL.
        language: `tspl`, `zpl` or `esc-pos`; decides how it is asked for its state.
        serial: line settings of a serial one.
    """

    port: str
    language: str
    serial: SerialSettings = field(default_factory=SerialSettings)

    def _opener(self) -> Opener:
        return opener_for(self.port, self.serial)

    def print_label(self, job: bytes) -> None:
        """Write one job, whole.

        Raises:
            PrinterError: it is not there, or stopped taking bytes.
        """
        opener, written = self._opener(), 0
        try:
            line = opener.open()
            try:
                for at in range(0, len(job), CHUNK):
                    line.write(job[at : at + CHUNK])
                    written = min(at + CHUNK, len(job))
            finally:
                line.close()
        except OSError as error:
            raise PrinterError(
                _(
                    "%(port)s took %(written)s of %(all)s bytes: %(error)s",
                    port=self.port,
                    written=written,
                    all=len(job),
                    error=port_words(str(error)),
                )
            ) from error
        finally:
            opener.close()

    def ask_status(self) -> bytes:
        """What the printer answers to the status query of its language; empty when it keeps silent.

        Raises:
            PrinterError: it is not there.
            KeyError: a language without a status query.
        """
        opener = self._opener()
        try:
            line = opener.open()
            try:
                line.write(STATUS_QUERIES[self.language])
                return line.read(STATUS_SECONDS)
            finally:
                line.close()
        except OSError as error:
            raise PrinterError(
                _("%(port)s cannot be asked: %(error)s", port=self.port, error=port_words(str(error)))
            ) from error
        finally:
            opener.close()
