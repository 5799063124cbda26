"""One application: live streams by our own callable, every page by Django in a thread pool."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from django.conf import settings

from hall.wsgi import application as pages_wsgi  # first: it sets Django up

from hall.live import Live, Receive, Scope, Send

# Not Django's own async handler: it holds a thread for each open stream.
live = Live()
pages = WSGIMiddleware(pages_wsgi, workers=settings.HALL_THREADS)  # type: ignore[arg-type]


async def lifespan(receive: Receive, send: Send) -> None:
    """Start and stop the hub with the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            live.hub.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await live.hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"].startswith("/live/"):
        await live(scope, receive, send)
    else:
        await pages(scope, receive, send)  # type: ignore[arg-type]
