"""What the baseline says to the two platforms, and how it reads their answers."""

from abc import ABC, abstractmethod
from hashlib import sha256

from tests.bench.baseline.event import Event, Order

PINTEREST_EVENTS = {"purchase": "checkout", "view_content": "page_visit"}
TIKTOK_EVENTS = {
    "purchase": "Purchase",
    "signup": "CompleteRegistration",
    "add_to_cart": "AddToCart",
    "view_content": "ViewContent",
}

Json = dict[str, object]


class Destination(ABC):
    """One account at a platform."""

    url: str
    headers: dict[str, str]

    @abstractmethod
    def request(self, event: Event) -> Json:
        """Return the body that sends this one event."""

    @abstractmethod
    def is_delivered(self, status: int, answer: Json) -> bool:
        """Return whether the platform says that it took the event."""


class Pinterest(Destination):
    """One advertising account at Pinterest."""

    def __init__(self, address: str, ad_account_id: str, token: str) -> None:
        self.url = f"{address}/v5/ad_accounts/{ad_account_id}/events"
        self.headers = {"Authorization": f"Bearer {token}"}

    def request(self, event: Event) -> Json:
        """Return a batch of one."""
        return {"data": [pinterest(event)]}

    def is_delivered(self, status: int, answer: Json) -> bool:
        """Return whether the one event was processed."""
        return status == 200 and answer.get("num_events_processed") == 1


class TikTok(Destination):
    """One pixel at TikTok."""

    def __init__(self, address: str, pixel_code: str, token: str) -> None:
        self.url = f"{address}/open_api/v1.3/event/track/"
        self.headers = {"Access-Token": token}
        self._pixel_code = pixel_code

    def request(self, event: Event) -> Json:
        """Return a batch of one."""
        source = {"event_source": "web", "event_source_id": self._pixel_code}
        return source | {"data": [tiktok(event)]}

    def is_delivered(self, status: int, answer: Json) -> bool:
        """Return whether the verdict in the body is a success."""
        return status == 200 and answer.get("code") == 0


def digest(text: str | None) -> str | None:
    """Return the SHA-256 of `text`, or `text` where it is one already."""
    if text is None or (len(text) == 64 and text.isalnum()):
        return text
    return sha256(text.strip().lower().encode()).hexdigest()


def words(text: str | None) -> str | None:
    """Return the letters and digits of `text` only."""
    return text and "".join(filter(str.isalnum, text))


def present(**fields: object) -> Json:
    """Return the fields that have a value."""
    return {key: value for key, value in fields.items() if value not in (None, [None], [])}


def pinterest(event: Event) -> Json:
    """Return the event in the words of Pinterest's API for conversions."""
    user, order, phone = event.user, event.order or Order(), event.user.e164
    return present(
        event_name=PINTEREST_EVENTS.get(event.event, event.event),
        action_source=event.action_source,
        event_time=event.seconds,
        event_id=event.event_id,
        event_source_url=event.page and event.page.url,
        user_data=present(
            em=[digest(user.email)],
            ph=[digest(phone and phone.removeprefix("+"))],
            external_id=[digest(user.external_id)],
            fn=[digest(user.first_name)],
            ln=[digest(user.last_name)],
            ct=[digest(words(user.city))],
            st=[digest(words(user.state))],
            zp=[digest(words(user.zip))],
            country=[digest(user.country)],
            client_ip_address=user.ip,
            client_user_agent=user.user_agent,
            click_id=user.epik,
        ),
        custom_data=present(
            currency=order.currency,
            value=None if order.value is None else f"{order.value:.2f}",
            order_id=order.order_id,
            num_items=sum(item.quantity for item in order.items) or None,
            content_ids=[item.id for item in order.items],
            contents=[
                present(id=item.id, item_price=str(item.price), quantity=item.quantity)
                for item in order.items
            ],
        ),
    )


def tiktok(event: Event) -> Json:
    """Return the event in the words of TikTok's Events API."""
    user, order = event.user, event.order or Order()
    return present(
        event=TIKTOK_EVENTS[event.event],
        event_time=event.seconds,
        event_id=event.event_id,
        user=present(
            email=digest(user.email),
            phone=digest(user.e164),
            external_id=digest(user.external_id),
            first_name=digest(user.first_name),
            last_name=digest(user.last_name),
            zip_code=digest(words(user.zip)),
            city=words(user.city),
            state=words(user.state),
            country=user.country,
            ip=user.ip,
            user_agent=user.user_agent,
            ttclid=user.ttclid,
        ),
        properties=present(
            currency=order.currency,
            value=order.value,
            order_id=order.order_id,
            content_type="product" if order.items else None,
            contents=[
                present(content_id=item.id, price=item.price, quantity=item.quantity)
                for item in order.items
            ],
        ),
        page=event.page and event.page.model_dump(exclude_none=True),
    )
