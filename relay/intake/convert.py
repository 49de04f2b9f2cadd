"""Converts an inbound event to the hashed event that is stored and sent, without raw PII."""

from relay import conversion
from relay.conversion import Conversion
from relay.event import (
    APP_SOURCES,
    MAX_EVENT_ID,
    ActionSource,
    App,
    InboundEvent,
    Item,
    Order,
)
from relay.event_name import canonical_name
from relay.identity import Identity, has_identifier
from relay.identity.user import IdentityWarning, examine
from relay.intake.click_id import with_click_ids
from relay.intake.moment import unix_seconds
from relay.intake.money import amount, currency
from relay.intake.page import without_emails
from relay.intake.problem import Unusable
from relay.intake.remark import told_apart


def convert(
    event: InboundEvent,
    *,
    source: str,
    now_s: float,
    default_country: str | None,
    key: str | None = None,
) -> tuple[Conversion, list[IdentityWarning]]:
    """Return the hashed event, and a warning for each identifier that was left out.

    Raises `Unusable` for the first problem.
    """
    name = canonical_name(event.event)
    moment = unix_seconds(event.event_time, now_s)
    event_id = _event_id(event)
    action_source = event.action_source or "web"
    _check_source(action_source, event)
    page, consent = event.page, event.consent
    url = None if page is None else without_emails(page.url)
    identity, remarks = _identity(event, default_country, url)
    hashed, unusable, warnings = told_apart(remarks) if remarks else (0, (), remarks)
    # By position, here and below: msgspec takes several times as long with keywords.
    found = Conversion(
        name,
        event_id,
        moment,
        int(now_s * 1000),
        action_source,
        identity,
        None if event.order is None else _order(event.order, name),
        url,
        None if page is None else without_emails(page.referrer),
        None if event.app is None else _app(event.app),
        _lead_id(event),
        None if consent is None else consent.advertising,
        consent is not None and bool(consent.limited_data_use),
        source,
        key,
        hashed,
        unusable,
    )
    return found, warnings


def _event_id(event: InboundEvent) -> str:
    event_id = str(event.event_id)
    if len(event_id) > MAX_EVENT_ID:
        raise Unusable("out_of_range", "event_id", f"Expected at most {MAX_EVENT_ID} digits.")
    return event_id


def _identity(
    event: InboundEvent, default_country: str | None, url: str | None
) -> tuple[Identity, list[IdentityWarning]]:
    """Return the hashed person, with the page's click ids, and the remarks on identifiers."""
    identity, remarks = examine(event.user, default_country)
    if not has_identifier(identity):
        message = "No identifier is usable; send at least an e-mail, a phone number or an id."
        raise Unusable("no_identifier", "user", message)
    return identity if url is None else with_click_ids(identity, url), remarks


def _check_source(action_source: ActionSource, event: InboundEvent) -> None:
    if event.app is None and action_source in APP_SOURCES:
        raise Unusable("missing", "app", "An event of an app needs the app's id.")
    if action_source == "crm" and _lead_id(event) is None:
        raise Unusable("missing", "lead.id", "An event of a CRM needs the platform's lead id.")


def _lead_id(event: InboundEvent) -> str | None:
    return None if event.lead is None or event.lead.id is None else str(event.lead.id)


def _order(order: Order, name: str) -> conversion.Order:
    value = amount(order.value, "order.value")
    code = currency(order.currency)
    if value is not None and code is None and name == "purchase":
        raise Unusable("missing", "order.currency", "A purchase with a value needs its currency.")
    items = order.items
    lines = tuple([_item(item, at) for at, item in enumerate(items)]) if items else ()
    num_items = order.num_items
    if num_items is None and items:
        num_items = sum([line.quantity for line in lines])
    return conversion.Order(
        value,
        code,
        None if order.order_id is None else str(order.order_id),
        without_emails(order.search_string),
        order.content_name,
        order.content_category,
        without_emails(order.description),
        num_items,
        amount(order.predicted_ltv, "order.predicted_ltv", negative=True),
        lines,
    )


def _item(item: Item, at: int) -> conversion.Item:
    return conversion.Item(
        str(item.id),
        item.name,
        item.category,
        item.brand,
        amount(item.price, "order.items[{}].price", at, negative=True),
        1 if item.quantity is None else item.quantity,
    )


def _app(app: App) -> conversion.App:
    return conversion.App(str(app.id), app.name, app.version)
