"""Sending mail: through the server of `LIMS_MAIL_URL`, else into a folder where an administrator finds it."""

import smtplib
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lims import clock
from lims.config import Settings

SERVER_SECONDS = 20.0
SCHEMES = {"smtp": 25, "smtps": 465}


class Mailer:
    """Sends plain text in the name of this installation.

    Args:
        url: `smtp://user:password@host:port` (STARTTLS where the server offers it) or `smtps://…`; None writes each
            message as a file below `folder`.
        folder: for messages that no server takes.
        host: of this installation, for the sender's address.
    """

    def __init__(self, url: str | None, folder: Path, host: str) -> None:
        self._url = url
        self._folder = folder
        self._host = host

    @classmethod
    def of(cls, settings: Settings) -> "Mailer":
        """The mailer of an installation."""
        host = urlsplit(settings.public_url).hostname or "localhost"
        return cls(settings.mail_url, settings.home / "mail", host)

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand one message over.

        Raises:
            OSError: the server cannot be reached, or refuses.
        """
        message = EmailMessage()
        message["From"] = f"Fenjian <noreply@{self._host}>"
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = make_msgid(domain=self._host)
        message.set_content(text)
        if self._url is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = str(message["Message-ID"]).strip("<>").partition("@")[0]
            (self._folder / f"{name}.eml").write_bytes(message.as_bytes())
        else:
            self._hand_over(message)

    def _hand_over(self, message: EmailMessage) -> None:
        server = urlsplit(self._url or "")
        host, port = server.hostname or "localhost", server.port or SCHEMES[server.scheme]
        make = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
        with make(host, port, timeout=SERVER_SECONDS) as opened:
            opened.ehlo()
            if server.scheme == "smtp" and opened.has_extn("starttls"):
                opened.starttls()
            if server.username:
                opened.login(unquote(server.username), unquote(server.password or ""))
            opened.send_message(message)
