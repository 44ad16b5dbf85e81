"""Errors of `services`: one root, and what a caller may do about each.

ServiceError
|-- ConfigError            the environment or a data file is wrong: fix it and start again
|-- NotFound               no such scenario, session or model file
|-- Refused                a limit or a right was reached: do not repeat as is
`-- BackendError           something we call failed: `retryable`, `status`, `retry_after_s`
    `-- BackendTimeout     it did not answer in time
"""


class ServiceError(Exception):
    """Root of what `services` raises on purpose."""


class ConfigError(ServiceError):
    """The environment or a data file is wrong; the message names key, cause and remedy."""


class NotFound(ServiceError):
    """The thing asked for does not exist."""


class Refused(ServiceError):
    """A limit or a right was reached; the message may be shown to the caller."""


class BackendError(ServiceError):
    """A part that we call (vendor, engine, store) failed. The message holds no speech, no secret.

    `code` is a stable word for logs, metrics and an Outcome's `fault` (`status_503`, `connection`).
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = True,
        status: int | None = None,
        retry_after_s: float | None = None,
        code: str = "backend",
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.status = status
        self.retry_after_s = retry_after_s
        self.code = code


class BackendTimeout(BackendError):
    """The part did not answer in time."""
