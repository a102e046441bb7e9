"""The JSON API: flask-smorest with our errors, bearer tokens, and POSTs that act once however often they are sent."""

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

import marshmallow as ma
from flask import Flask, Response, g, json, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint
from sqlalchemy.orm import Session

from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.errors import InvalidInputError, LimsError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.people.models import IdempotencyKey
from lims.quantities import QuantityError, parse_measured
from lims.uow import UnitOfWork, unit_of_work
from lims.web.current import current_actor
from lims.web.guard import is_api

if TYPE_CHECKING:
    from apispec import APISpec

MAX_KEY_LENGTH = 200
READS = (401, 403, 404, 422)  # how an ordinary read refuses
WRITES = (401, 403, 404, 409, 422)
PREFIX = "/api/v1"
DESCRIPTION = "api-docs.openapi_json"

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class ProblemSchema(ma.Schema):
    """Every refusal of the API (RFC 9457)."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True)
    facts = ma.fields.Dict()
    errors = ma.fields.Dict()


class IdempotencyMismatchError(LimsError):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    status = 422


class ApiBlueprint(Blueprint):
    """A blueprint whose routes take JSON and answer problems in one form."""

    def refuses(self, *statuses: int) -> Callable[[ViewT], ViewT]:
        """Document with which statuses a route refuses."""

        def mark(view: ViewT) -> ViewT:
            for status in statuses:
                view = self.alt_response(status, schema=ProblemSchema)(view)
            return view

        return mark

    def response(self, status_code: Any, schema: Any = None, **documented: Any) -> Any:
        """As flask-smorest has it; what `answer` made is JSON already and is sent as it stands."""
        dump = super().response(status_code, schema, **documented)

        def decorate(view: Callable[..., Any]) -> Any:
            @wraps(view)
            def answered(*args: Any, **kwargs: Any) -> Any:
                result = view(*args, **kwargs)
                if isinstance(result, tuple) and isinstance(result[0], Mapping):
                    sent = json.jsonify(result[0])
                    sent.status_code = result[1]
                    return sent
                return result

            return dump(answered)

        return decorate


def replay_answer() -> ResponseReturnValue | None:
    """Answer a request that was carried out before with what it was answered then.

    Raises:
        InvalidInputError: the key is empty or too long.
        IdempotencyMismatchError: the key came with another request.
    """
    key = request.headers.get("Idempotency-Key")
    actor = current_actor()
    if not is_api() or request.method != "POST" or key is None or actor.account_id is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise InvalidInputError(
            _l(
                "The Idempotency-Key has %(length)s characters, expected 1 to %(most)s.",
                length=len(key),
                most=MAX_KEY_LENGTH,
            )
        )
    digest = _request_digest()
    g.idempotency = (key, digest)
    return _stored_answer(db.session, actor.account_id, key, digest)


def _stored_answer(session: Session, account_id: Any, key: str, digest: bytes) -> Response | None:
    stored = session.get(IdempotencyKey, (account_id, key))
    if stored is None:
        return None
    if stored.request_sha256 != digest:
        raise IdempotencyMismatchError(_l("This Idempotency-Key was used for another request."))
    response = Response(json.dumps(stored.answer["body"]), status=stored.status, content_type="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _request_digest() -> bytes:
    text = f"{request.method} {request.full_path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(text).digest()


def answer(uow: UnitOfWork, body: Mapping[str, Any], status: int = 201) -> tuple[Mapping[str, Any], int]:
    """The answer of a POST, kept beside its key in the transaction of its effect.

    Call it inside the unit of work, last: with an `Idempotency-Key` the answer commits with the effect or not at all,
    and of two requests with one key only one can.
    """
    if (given := g.get("idempotency")) is not None and uow.actor.account_id is not None:
        key, digest = given
        uow.session.add(
            IdempotencyKey(
                account_id=uow.actor.account_id,
                key=key,
                request_sha256=digest,
                status=status,
                answer={"body": json.loads(json.dumps(body))},
                at=uow.now,
            )
        )
        uow.session.flush()
    return body, status


def perform(act: Callable[[UnitOfWork], Any], schema: ma.Schema) -> Any:
    """One act of a POST in its transaction; answered with what came of it, as the schema shows it."""
    with unit_of_work(current_actor()) as uow:
        made = act(uow)
        uow.session.flush()
        return answer(uow, cast("Mapping[str, Any]", schema.dump(made)))


class MeasuredField(ma.fields.Field[Any]):
    """A measured value as text: 1.50 stays 1.50; documented as a string, because a JSON number would lose figures."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        try:
            return parse_measured(str(value))
        except QuantityError as error:
            raise ma.ValidationError(gettext(error.message, **error.params)) from error

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)


class LazyApi(Api):
    """Describes the routes when somebody asks for the description, which no command and few processes ever do."""

    def __init__(self) -> None:
        self._spec: APISpec | None = None
        self._undescribed: list[Blueprint] = []
        self._describing = RLock()
        super().__init__()

    def register_blueprint(self, blp: Blueprint, *, parameters: Any = None, **options: Any) -> None:
        """Mount the routes now and describe them later."""
        if parameters is not None or options:
            raise TypeError("a blueprint of ours is mounted as it is")
        self._app.register_blueprint(blp)
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._undescribed.append(blp)

    @property
    def spec(self) -> "APISpec | None":
        """The description, whole."""
        with self._describing:
            waiting, self._undescribed = self._undescribed, []
            for blp in waiting:
                blp.register_views_in_doc(self, self._app, self._spec, name=blp.name, parameters=None)
                cast("APISpec", self._spec).tag({"name": blp.name, "description": blp.description})
            return self._spec

    @spec.setter
    def spec(self, spec: "APISpec | None") -> None:
        self._spec = spec


def init_app(app: Flask) -> None:
    """Mount the API and its description at /api/v1/openapi.json."""
    app.config.update(
        API_TITLE="Fenjian",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Sampling and testing of food under government programmes."},
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
        },
    )
    description = LazyApi()
    description.ERROR_SCHEMA = ProblemSchema
    description.init_app(app)
    description.register_field(MeasuredField, "string", None)
    app.extensions["lims.api"] = description
    serve = app.view_functions[DESCRIPTION]

    @requires(PUBLIC)
    def serve_description() -> ResponseReturnValue:
        return cast("ResponseReturnValue", serve())

    app.view_functions[DESCRIPTION] = serve_description
    app.before_request(replay_answer)


def register_api(app: Flask, blueprint: Blueprint) -> None:
    """Mount a package's API blueprint and describe its routes."""
    app.extensions["lims.api"].register_blueprint(blueprint)
