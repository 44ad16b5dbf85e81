"""Who may read /metrics: in production an operator, by the same tokens as the HTTP app."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi.security.utils import get_authorization_scheme_param

from services.api.auth import OPERATORS, Doorman, admitted
from services.api.problems import ProblemError
from services.telemetry.server import Door, Refusal


def metrics_door(doorman: Doorman) -> Door:
    """Lets in whom `doorman` knows as an operator; in development everybody."""

    def door(headers: Mapping[str, str]) -> Refusal | None:
        scheme, token = get_authorization_scheme_param(headers.get("authorization"))
        try:
            admitted(doorman, token if scheme.lower() == "bearer" else None, OPERATORS)
        except ProblemError as error:
            return Refusal(HTTPStatus(error.status_code), error.code, str(error.detail))
        return None

    return door
