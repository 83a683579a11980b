"""The session's tokens in cookies that no script can read, and the CSRF token in one that our pages can."""

from aiohttp import web

from orylo_api.access.devices import DEVICE_COOKIE
from orylo_api.access.devices import LIFETIME as DEVICE_LIFETIME
from orylo_api.access.sessions import Lifetimes, Session, Tokens

SESSION_COOKIE = "orylo_session"
REFRESH_COOKIE = "orylo_refresh"
CSRF_COOKIE = "orylo_csrf"

PATHS = {SESSION_COOKIE: "/api", REFRESH_COOKIE: "/api/v1/auth", CSRF_COOKIE: "/"}


def set_cookies(
    response: web.Response, session: Session, tokens: Tokens, lifetimes: Lifetimes, *, secure: bool
) -> None:
    for name, value, lifetime, httponly in (
        (SESSION_COOKIE, tokens.access, lifetimes.access, True),
        (REFRESH_COOKIE, tokens.refresh, lifetimes.refresh, True),
        # Our own pages read it and send it back as a header.
        (CSRF_COOKIE, session.csrf_token, lifetimes.refresh, False),
    ):
        response.set_cookie(
            name,
            value,
            path=PATHS[name],
            max_age=int(lifetime.total_seconds()),
            httponly=httponly,
            secure=secure,
            samesite="Strict",
        )


def set_device_cookie(response: web.Response, sealed: str, *, secure: bool) -> None:
    """Set the cookie of a known device. It outlives the session."""
    response.set_cookie(
        DEVICE_COOKIE,
        sealed,
        path=PATHS[REFRESH_COOKIE],
        max_age=int(DEVICE_LIFETIME.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="Strict",
    )


def delete_cookies(response: web.Response, *, secure: bool) -> None:
    for name, path in PATHS.items():
        response.del_cookie(name, path=path, samesite="Strict", secure=secure)
