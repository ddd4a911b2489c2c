"""What can go wrong between us and a provider. No message holds what a token or an answer held."""

from maninso import ManinsoError


class ProviderDown(ManinsoError):
    """The provider does not answer, or not in time, or too many wait for it: other ways go on."""

    def __init__(self, provider: str, what: str) -> None:
        super().__init__(f"the provider {provider} {what}", cure="try again later, or prove who you are in another way")


class ProviderError(ManinsoError):
    """What came back proves nothing: `fault` is state, denied, refused, answer, token, claims or low.

    state: not the request that this browser made, or too late · denied: the person stopped at the provider · refused:
    the provider takes the code back · answer: it says what no provider says · token: the ID token does not hold ·
    claims: the subject is missing · low: less sure than the petition asks for.
    """

    def __init__(self, fault: str, message: str) -> None:
        super().__init__(message, cure="start again, or prove who you are in another way")
        self.fault = fault
