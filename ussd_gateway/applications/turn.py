"""What a Python function gets, as an application or as a handler of a menu: the message that led to it, and its dialogue."""

from __future__ import annotations

from ussd_gateway.network.message import Ussd


class Turn(Ussd):
    """A BEGIN or an ANSWER with what is known of its dialogue. `ask`, `end` and `notify` make its replies.

    variables     dict; what the dialogue remembers. What a function puts into it stays until the dialogue ends
    language      str; of the texts that the subscriber wants: "ru", "en", "latin"
    inputs        tuple of str; in a Python application every input so far, dialled with the code or typed
    secret_answer bool; the last `ask` wants an answer that no record may show
    """

    __slots__ = ("language", "secret_answer", "variables")

    def __init__(
        self,
        message: Ussd,
        variables: dict[str, object],
        language: str,
        inputs: tuple[str, ...] | None = None,
    ) -> None:
        # Not by way of Ussd.__init__, which costs as much again
        self.operation = message.operation
        self.text = message.text
        self.msisdn = message.msisdn
        self.service_code = message.service_code
        self.session = message.session
        self.inputs = message.inputs if inputs is None else inputs
        self.outcome = message.outcome
        self.secrets = message.secrets
        self._data_coding = message._data_coding
        self.variables = variables
        self.language = language
        self.secret_answer = False

    def ask(self, text: str, *, secret: bool = False) -> Ussd:
        """The reply that shows `text` and wants an answer; a secret one, such as a PIN, enters no record."""
        self.secret_answer = secret
        return super().ask(text)
