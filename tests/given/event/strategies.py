"""Hypothesis strategies for the relay's own structs: anything that intake could let through.

Small by default, since a property test makes hundreds of them; `conversions` can also be given the
parts that a test cares about.
"""

from decimal import Decimal
from typing import Any, get_args

from hypothesis import strategies as st

from relay.conversion import App, Conversion, Item, Order
from relay.delivery import HttpResponse
from relay.event import ActionSource, AttStatus, CustomerType
from relay.event_name import STANDARD_NAMES
from relay.identity import Identity
from relay.identity.device import ip

NOW_S = 1_790_000_000
"""September 2026; all made-up events happened in the month before it."""

texts = st.text(max_size=30)
"""Anything that JSON can say, so without halves of surrogate pairs."""
named = st.text(min_size=1, max_size=30)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
many_digests = st.lists(digests, max_size=3, unique=True).map(tuple)
counts = st.integers(0, 2**53)

amounts = st.one_of(
    st.decimals(0, 10**9, places=2),
    st.decimals(0, 10**15),
    st.sampled_from([Decimal(0), Decimal("1E+3"), Decimal("1E-9"), Decimal("0.30000000000000004")]),
)
hostile_amounts = amounts | st.decimals() | st.sampled_from([Decimal("1E+999999"), Decimal("sNaN")])
"""Amounts that intake refuses today; nothing behind it may fall over them all the same."""

addresses = st.ip_addresses().map(lambda address: ip(str(address))[0])
"""Of visitors, as intake lets them through; None for those it leaves out."""
locales = st.sampled_from(["de-DE", "en_US", "fr", "fil-PH", "*"]) | texts

identities = st.builds(
    Identity,
    email_compact=many_digests,
    email_trimmed=many_digests,
    phone_digits=many_digests,
    phone_e164=many_digests,
    external_id=many_digests,
    **{
        field: st.none() | digests
        for field in (
            *("first_name", "first_name_letters", "last_name", "last_name_letters", "gender"),
            *("birth_date", "city", "state", "zip_digits", "zip_compact", "country"),
            *("mobile_ad_id_lower", "mobile_ad_id_upper"),
        )
    },
    **{
        field: st.none() | texts
        for field in (
            *("city_plain", "state_plain", "country_plain"),
            *("user_agent", "epik", "ttclid", "ttp"),
        )
    },
    ip=st.none() | addresses,
    locale=st.none() | locales,
    att_status=st.none() | st.sampled_from(get_args(AttStatus)),
    customer_type=st.none() | st.sampled_from(get_args(CustomerType)),
)


def items(amount: st.SearchStrategy[Decimal] = amounts) -> st.SearchStrategy[Item]:
    """Return lines of orders whose prices come from `amount`."""
    return st.builds(
        Item,
        id=named,
        name=st.none() | texts,
        category=st.none() | texts,
        brand=st.none() | texts,
        price=st.none() | amount,
        quantity=counts,
    )


def orders(amount: st.SearchStrategy[Decimal] = amounts) -> st.SearchStrategy[Order]:
    """Return orders whose amounts come from `amount`."""
    return st.builds(
        Order,
        value=st.none() | amount,
        currency=st.none() | st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
        order_id=st.none() | texts,
        search_string=st.none() | texts,
        content_name=st.none() | texts,
        content_category=st.none() | texts,
        description=st.none() | texts,
        num_items=st.none() | counts,
        predicted_ltv=st.none() | amount,
        items=st.lists(items(amount), max_size=3).map(tuple),
    )


apps = st.builds(App, id=named, name=st.none() | texts, version=st.none() | texts)
event_names = st.sampled_from(sorted(STANDARD_NAMES)) | named


def conversions(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Conversion]:
    """Return accepted events; `parts` replaces the strategies of single fields."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "event": event_names,
        "event_id": st.text(min_size=1, max_size=40),
        "event_time": st.integers(NOW_S - 30 * 86_400, NOW_S),
        "received_ms": st.integers(NOW_S * 1000, NOW_S * 1000 + 60_000),
        "action_source": st.sampled_from(get_args(ActionSource)),
        "identity": identities,
        "order": st.none() | orders(),
        "page_url": st.none() | texts.map("https://shop.example/{}".format),
        "page_referrer": st.none() | texts,
        "app": st.none() | apps,
        "lead_id": st.none() | named,
        "advertising_consent": st.none() | st.booleans(),
        "limited_data_use": st.booleans(),
        "source": st.sampled_from(["http", "kafka"]),
    }
    return st.builds(Conversion, **{**fields, **parts})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda part: (
        st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=10), part, max_size=4)
    ),
    max_leaves=12,
)
header_values = st.sampled_from(
    ["", "0", "7, 58;w=60", "9" * 40, "-1", "Wed, 25 Nov 2026 10:02:00 GMT", "Wed, 99 Nov 0000"]
) | st.text(max_size=20)
headers = st.dictionaries(
    st.sampled_from(["retry-after", "date", "x-ratelimit-reset", "x-request-id"]), header_values
)


def responses(bodies: st.SearchStrategy[bytes]) -> st.SearchStrategy[HttpResponse]:
    """Return answers of any status with bodies from `bodies`."""
    return st.builds(HttpResponse, st.integers(100, 599), headers, bodies)
