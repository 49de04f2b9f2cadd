"""`schemas/` is what the code says, and what it says is true of the code."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import schemathesis

from relay.config import Config
from relay.delivery import DeadReason, Outcome, PauseReason, SkipReason
from relay.destinations import discover
from relay.event import MAX_AMOUNT, InboundEvent
from relay.event_name import ALIASES, STANDARD_NAMES
from relay.intake import Intake, Origin, Router, Storage, Taken, Window
from relay.intake.money import MAX_DECIMALS
from relay.intake.problem import Code
from relay.journal.report import DeliveryState
from relay.outcome.health import State
from relay.outcome.watch.notice import TEST
from relay.schema.event import IDENTIFIERS, event_schema
from relay.schema.examples import INVALID, VALID, Invalid
from relay.schema.folder import documents, drift, write
from relay.sources.answer import RefusalCode
from tests.given.config.known_key import KnownKey, known_keys
from tests.given.journal.recording import RecordingJournal

SCHEMAS = Path(__file__).parents[2] / "schemas"
NOW_S = 1_800_000_000.0
GENERATED = {str(path): content for path, content in documents().items()}
JSON_SCHEMAS = [name for name in GENERATED if name.endswith(".schema.json")]
OPENAPI = [name for name in GENERATED if name.startswith("openapi.")]
EVENT = jsonschema.Draft202012Validator(event_schema())
PERSON = {
    "email": "jane@example.com",
    "phone": "+14155550132",
    "external_id": "customer-77",
    "first_name": "Jane",
    "last_name": "Doe",
    "gender": "f",
    "birth_date": "1990-12-31",
    "city": "Berlin",
    "state": "CA",
    "zip": "94107",
    "country": "US",
    "mobile_ad_id": "A1B2C3D4-E5F6-4711-8899-AABBCCDDEEFF",
    "ip": "8.8.8.8",
    "user_agent": "Mozilla/5.0",
    "locale": "en-US",
    "epik": "dj0yJnU9",
    "ttclid": "E.C.P.abc",
    "ttp": "2a3b4c",
    "att_status": "AUTHORIZED",
    "customer_type": "new",
}


def document(name: str) -> Any:
    return json.loads(GENERATED[name])


async def taken(event: Any) -> Taken:
    """Return what intake makes of an event."""
    router = Router([], Window(10))
    intake = Intake(router, Storage(router, RecordingJournal()), lambda: NOW_S)
    return await intake.take_json(json.dumps(event).encode(), Origin("http"))


def test_the_files_are_as_the_code_has_them() -> None:
    assert not drift(SCHEMAS), "run `make schemas`, and commit what it writes"


@pytest.mark.parametrize("name", GENERATED)
def test_no_description_is_indented_since_markdown_would_make_code_of_it(name: str) -> None:
    assert rb"\n    " not in GENERATED[name]


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    first = write(tmp_path)

    assert {str(path.relative_to(tmp_path)) for path in first} == set(GENERATED)
    assert write(tmp_path) == []
    assert drift(tmp_path) == []


def test_an_example_that_is_no_more_goes_and_nothing_else(tmp_path: Path) -> None:
    """In a project of one's own, `examples/` holds examples of one's own."""
    write(tmp_path)
    manifest = tmp_path / "examples" / "manifest.json"
    old, own = (tmp_path / "examples" / "valid" / name for name in ("old.json", "own.json"))
    for file in (old, own):
        file.write_text("{}")
    manifest.write_text('{"valid": [{"file": "valid/old.json"}]}')

    assert f"{old} is no schema of the relay any more" in drift(tmp_path)
    assert write(tmp_path) == [manifest, old]
    assert own.exists()
    assert drift(tmp_path) == []


@pytest.mark.parametrize("manifest", ["", "no JSON", "[" * 100_000, '{"valid": "all"}'])
def test_where_a_foreign_manifest_stands_no_example_goes(tmp_path: Path, manifest: str) -> None:
    own = tmp_path / "examples" / "valid" / "own.json"
    own.parent.mkdir(parents=True)
    for file, text in ((own, "{}"), (tmp_path / "examples" / "manifest.json", manifest)):
        file.write_text(text)

    write(tmp_path)

    assert own.exists()


def test_a_missing_and_a_changed_file_are_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "README.md").write_text("edited")
    (tmp_path / "reasons.json").unlink()

    assert drift(tmp_path) == [
        f"{tmp_path / 'reasons.json'} is missing",
        f"{tmp_path / 'README.md'} differs",
    ]


@pytest.mark.parametrize("name", JSON_SCHEMAS)
def test_a_json_schema_keeps_to_its_dialect(name: str) -> None:
    schema = document(name)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(dangling(schema, schema)) == []


@pytest.mark.parametrize("name", OPENAPI)
def test_an_openapi_document_keeps_to_its_specification(name: str) -> None:
    found = document(name)

    schemathesis.openapi.from_dict(found).validate()
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert list(dangling(found, found)) == []


@pytest.mark.parametrize("name", OPENAPI)
def test_every_part_of_an_openapi_document_is_used(name: str) -> None:
    text = GENERATED[name].decode()
    parts = document(name)["components"]

    for kind in ("schemas", "responses"):
        for part in parts[kind]:
            assert f'"#/components/{kind}/{part}"' in text


def dangling(part: Any, root: Any) -> Iterator[str]:
    """Yield every reference that leads nowhere."""
    if isinstance(part, list):
        for each in part:
            yield from dangling(each, root)
    elif isinstance(part, dict):
        target: Any = root
        for step in str(part.get("$ref", "#")).split("/")[1:]:
            target = target.get(step, {})
        if not target:
            yield part["$ref"]
        for each in part.values():
            yield from dangling(each, root)


@pytest.mark.parametrize("name", VALID)
async def test_a_valid_example_passes_schema_and_intake(name: str) -> None:
    found = await taken(VALID[name])

    assert [error.message for error in EVENT.iter_errors(VALID[name])] == []
    assert (found.errors, found.warnings) == ([], [])


@pytest.mark.parametrize(("name", "example"), INVALID.items())
async def test_an_invalid_example_is_refused_as_its_manifest_says(
    name: str, example: Invalid
) -> None:
    (found,) = (await taken(example.event)).errors

    assert (found.problem.code, found.problem.path) == (example.code, example.path)
    assert EVENT.is_valid(example.event) is not example.in_schema


def test_there_is_an_invalid_example_of_each_code_of_a_json_event() -> None:
    assert {example.code for example in INVALID.values()} == set(get_args(Code)) - {"not_json"}


@pytest.mark.parametrize("key", PERSON)
async def test_one_identifier_is_enough_for_the_schema_if_it_is_for_intake(key: str) -> None:
    event = VALID["minimal"] | {"user": {key: PERSON[key]}}

    enough = not (await taken(event)).errors
    assert enough == (key in IDENTIFIERS) == EVENT.is_valid(event)


@pytest.mark.parametrize("action_source", ["web", "crm"])
@pytest.mark.parametrize("lead", [None, {}, {"id": None}, {"id": 7}])
async def test_only_an_event_of_a_crm_needs_its_lead(action_source: str, lead: Any) -> None:
    event = VALID["minimal"] | {"action_source": action_source, "lead": lead}

    needless = action_source == "web" or lead == {"id": 7}
    assert needless == EVENT.is_valid(event) == (not (await taken(event)).errors)


@pytest.mark.parametrize(
    "amount", ["0", "0.01", "118.90", f"{MAX_AMOUNT - 1}.{'9' * MAX_DECIMALS}"]
)
async def test_an_amount_may_be_a_text_or_a_number(amount: str) -> None:
    for value in (amount, float(amount)):
        event = VALID["minimal"] | {"order": {"value": value, "currency": "USD"}}
        if Decimal(value) < MAX_AMOUNT:
            assert EVENT.is_valid(event)
            assert not (await taken(event)).errors


def test_the_decimals_of_an_amount_are_those_of_intake() -> None:
    value = document("event.schema.json")["$defs"]["Order"]["properties"]["value"]["anyOf"][0]
    assert value["pattern"] == rf"^[0-9]{{1,15}}(\.[0-9]{{1,{MAX_DECIMALS}}})?$"


def test_the_schema_has_every_key_of_an_event_with_a_description() -> None:
    schema = document("event.schema.json")
    for struct in msgspec.inspect.multi_type_info([InboundEvent]):
        assert isinstance(struct, msgspec.inspect.StructType)
        assert set(schema["properties"]) == {field.encode_name for field in struct.fields}
    for part in (schema, *schema["$defs"].values()):
        for name, key in part["properties"].items():
            assert key.get("description"), name


def test_the_schema_tells_all_standard_names_and_aliases() -> None:
    event = document("event.schema.json")["properties"]["event"]

    assert set(event["examples"]) == STANDARD_NAMES
    assert event["x-aliases"] == {name: list(aliases) for name, aliases in ALIASES.items()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("states", State),
        ("paused", PauseReason),
        ("deliveries", DeliveryState),
        ("skipped", SkipReason),
        ("dead", DeadReason),
        ("rejected", Code),
        ("refused", RefusalCode),
    ],
)
def test_each_word_of_a_closed_set_has_a_sentence_and_a_fix(name: str, words: Any) -> None:
    told = document("reasons.json")[name]

    assert set(told) == set(get_args(words))
    for wording in told.values():
        assert wording["sentence"].endswith(".")
        assert wording["fix"].endswith(".")


def test_the_outcomes_of_requests_are_told() -> None:
    assert document("reasons.json")["request_outcomes"] == list(get_args(Outcome))


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: f"{key.path} {key.kind}".strip())
def test_the_schema_of_the_settings_has_each_key_as_the_structs_have_it(key: KnownKey) -> None:
    found = setting(key)

    if key.path.endswith(".type"):
        return
    assert found["description"] == key.description
    assert ("default" in found) == (key.default is not None)
    if key.default is not None:
        assert found["default"] == json.loads(key.default)
    assert found["x-environment"] == key.variable


def setting(key: KnownKey) -> Any:
    """Return the schema of a key."""
    table = document("config.schema.json")
    *path, name = key.path.split(".")
    for step in path:
        if step == "NAME":
            kinds = table["additionalProperties"]
            tables = map(resolved, kinds.get("anyOf", [kinds]))
            table = next(each for each in tables if kind_of(each) == key.kind)
        else:
            table = resolved(table["properties"][step])
    return table["properties"][name]


def resolved(part: Any) -> Any:
    name = part.get("$ref", "").rpartition("/")[2]
    return document("config.schema.json")["$defs"][name] if name else part


def kind_of(table: Any) -> str:
    return str(table["properties"].get("type", {"enum": [""]})["enum"][0])


def test_a_setting_may_be_absent_but_not_null() -> None:
    checker = jsonschema.Draft202012Validator(document("config.schema.json"))

    assert checker.is_valid({})
    assert checker.is_valid({"destinations": {}})
    assert not checker.is_valid({"intake": {"default_country": None}})
    assert not checker.is_valid({"destinations": {"Main": {"type": "tiktok"}}})
    assert Config.__name__ not in document("config.schema.json")["$defs"]


@pytest.mark.parametrize("kind", discover())
def test_each_platform_has_the_schema_of_its_request(kind: str) -> None:
    schema = document(f"payload.{kind}.schema.json")

    assert schema["properties"]["data"]["maxItems"] == 1000
    assert not jsonschema.Draft202012Validator(schema).is_valid({"data": [{}]})


def test_a_message_to_the_webhook_is_what_its_schema_says() -> None:
    schema = document("notice.schema.json")
    checker = jsonschema.Draft202012Validator(schema)

    assert checker.is_valid(msgspec.to_builtins(TEST))
    assert not checker.is_valid({"text": "Words.", "kind": "other"})
