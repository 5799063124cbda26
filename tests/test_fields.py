"""How people can be reached is encrypted where it is stored; a wrong key is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from complaints import actions
from complaints.models import Matter
from hall import fields, keys
from hall.actions import field_keys
from hall.checks import field_keys as check
from hall.keys import WrongKey
from hall.trial.place import asked_for, environment
from tests.cast import Cast

ROOT = Path(__file__).resolve().parent.parent
PHONE = "138 0013 8000"
OLD, NEW, LOST = (Fernet.generate_key().decode() for _each in range(3))


def put_in(cast: Cast, contact: str = PHONE, name: str = "王女士") -> Matter:
    return actions.receive(branch=cast.branch, kind="help", text="?", contact=contact, name=name)


def stored(matter: Matter, column: str = "contact") -> str:
    """What the database holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM complaints_matter WHERE id = %s", [matter.pk])
        return str(cursor.fetchone()[0])


def read(matter: Matter) -> str:
    return Matter.objects.get(pk=matter.pk).contact


def newest_opens(matter: Matter, key: str) -> bool:
    return Fernet(key).decrypt(stored(matter)).decode() == PHONE


# --- in the database ---


def test_the_database_holds_tokens_and_hall_reads_the_text(cast: Cast) -> None:
    matter = put_in(cast)
    for column, text in (("contact", PHONE), ("name", "王女士")):
        assert text not in stored(matter, column) and stored(matter, column).startswith("gAAAA")
    matter.refresh_from_db()
    assert (matter.contact, matter.name) == (PHONE, "王女士")
    assert stored(put_in(cast)) != stored(matter), "nobody sees that two are the same"


def test_it_is_encrypted_however_it_is_written(cast: Cast) -> None:
    matter = put_in(cast, "")
    assert stored(matter) == "", "nothing stays nothing"
    rows = Matter.objects.filter(pk=matter.pk)
    rows.update(contact="1")
    assert stored(matter).startswith("gAAAA") and read(matter) == "1"
    Matter.objects.bulk_update([Matter(pk=matter.pk, contact="2")], ["contact"])
    assert stored(matter).startswith("gAAAA") and read(matter) == "2"
    Matter(pk=matter.pk, contact="3").save(update_fields=["contact"])
    assert stored(matter).startswith("gAAAA") and read(matter) == "3"


def test_what_the_database_worked_out_itself_is_no_token(cast: Cast) -> None:
    matter = put_in(cast)
    Matter.objects.filter(pk=matter.pk).update(contact=F("reference"))
    with pytest.raises(WrongKey):
        read(matter)


@pytest.mark.parametrize(
    "condition",
    [{f"contact{each}": "138"} for each in ("", "__icontains", "__startswith", "__gt", "__regex")]
    + [{"contact__in": ["138"]}, {"contact": F("name")}, {"contact__length": 3}],
    ids=str,
)
def test_it_cannot_be_looked_for(cast: Cast, condition: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        Matter.objects.filter(**condition).exists()


def test_it_can_be_asked_whether_there_is_anything(cast: Cast) -> None:
    some, none = put_in(cast), put_in(cast, "")
    assert list(Matter.objects.filter(contact="")) == [none]
    assert list(Matter.objects.exclude(contact="")) == [some]
    assert not Matter.objects.filter(contact__isnull=True).exists()


# --- who sees it ---


def test_the_administration_shows_it_to_those_who_handle_matters(
    cast: Cast, client: Client
) -> None:
    matter = put_in(cast)
    page = f"/admin/complaints/matter/{matter.pk}/change/"
    client.force_login(cast.supervisor)
    assert PHONE in client.get(page).content.decode()
    client.force_login(cast.administrator)
    answer = client.get(page)
    assert answer.status_code in (302, 403) and PHONE not in answer.content.decode()


def test_lists_need_no_key(cast: Cast, client: Client, settings: Settings) -> None:
    put_in(cast)
    settings.HALL_FIELD_KEYS = [LOST]
    client.force_login(cast.supervisor)
    for page in ("/matters/?show=open", "/supervisor/nanshan/matters/"):
        assert client.get(page).status_code == 200


# --- keys ---


@pytest.mark.parametrize("wrong", [[LOST], [LOST, NEW]])
def test_a_wrong_key_is_an_error(cast: Cast, settings: Settings, wrong: list[str]) -> None:
    matter = put_in(cast)
    settings.HALL_FIELD_KEYS = wrong
    with pytest.raises(WrongKey):
        read(matter)
    with pytest.raises(WrongKey):
        list(Matter.objects.values_list("contact"))


@pytest.mark.parametrize("broken", ["138 0013 8000", "gAAAAA", "x"])
def test_what_is_no_token_is_an_error(broken: str) -> None:
    with pytest.raises(WrongKey):
        keys.decrypt(broken)


def test_each_key_opens_and_the_newest_encrypts(cast: Cast, settings: Settings) -> None:
    settings.HALL_FIELD_KEYS = [OLD]
    before = put_in(cast)
    settings.HALL_FIELD_KEYS = [NEW, OLD]
    after = put_in(cast)
    assert read(before) == read(after) == PHONE
    settings.HALL_FIELD_KEYS = [NEW]
    assert read(after) == PHONE


def test_no_keys_no_hall(settings: Settings) -> None:
    settings.HALL_FIELD_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="HALL_FIELD_KEYS"):
        keys.encrypt("x")
    assert [each.id for each in check(databases=["default"])] == ["hall.E001"]
    assert check() == [], "what has nothing to do with a database needs none"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["-c", "import hall.asgi"], "HALL_FIELD_KEYS is not set"),
        (["-m", "celery", "-A", "hall", "worker", "--pool", "solo"], "HALL_FIELD_KEYS is not set"),
        (["manage.py", "migrate"], "HALL_FIELD_KEYS is not set"),
        (["manage.py", "rotate_keys"], "hall: HALL_FIELD_KEYS is not set"),
    ],
)
@pytest.mark.once
def test_without_keys_nothing_starts(tmp_path: Path, command: list[str], said: str) -> None:
    assert said in last_words(tmp_path, command, HALL_FIELD_KEYS="")


@pytest.mark.once
def test_a_key_that_is_none_stops_the_start(tmp_path: Path) -> None:
    said = last_words(tmp_path, ["manage.py", "check"], HALL_FIELD_KEYS=f"{NEW},short")
    assert said.startswith("hall: HALL_FIELD_KEYS") and "short" not in said


def last_words(folder: Path, command: list[str], **told: str) -> str:
    """The last line of a program that does not start."""
    own = {"HALL_DATA": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}
    own |= {"DJANGO_SETTINGS_MODULE": "hall.settings"} | told
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode
    return done.stderr.strip().splitlines()[-1]


def test_a_trial_keeps_its_own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HALL_FIELD_KEYS")
    place = asked_for({"HALL_DATA": str(tmp_path)})
    first, again = (environment(place)["HALL_FIELD_KEYS"] for _each in range(2))
    Fernet(first)  # it is one
    file = tmp_path / "field-keys"
    assert first == again == file.read_text() and file.stat().st_mode & 0o077 == 0
    ask = "from hall import settings; print(settings.HALL_FIELD_KEYS)"
    own = {"HALL_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "hall.settings"}
    told = subprocess.check_output(
        [sys.executable, "-c", ask], cwd=ROOT, env=os.environ | own, text=True
    )
    assert told.strip() == str([first]), "so that a command beside the trial has it, too"


# --- rotation ---


@pytest.fixture
def old_ones(cast: Cast, settings: Settings) -> list[Matter]:
    """Matters that an older key encrypted; the hall has a newer one now."""
    settings.HALL_FIELD_KEYS = [OLD]
    found = [put_in(cast) for _each in range(7)]
    settings.HALL_FIELD_KEYS = [NEW, OLD]
    return found


def rotated() -> dict[str, tuple[int, int, int]]:
    return {
        label: (done.changed, done.kept, len(done.closed)) for label, done in field_keys.rotate()
    }


def test_everything_gets_the_newest_key_and_the_old_one_can_go(
    cast: Cast, old_ones: list[Matter], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "BATCH", 3)
    put_in(cast)  # with the newest already
    put_in(cast, "", "")
    changed = {each.pk: each.changed_at for each in Matter.objects.all()}
    found = rotated()
    assert found == {"complaints.Matter.name": (7, 1, 0), "complaints.Matter.contact": (7, 1, 0)}
    settings.HALL_FIELD_KEYS = [NEW]
    assert {read(each) for each in old_ones} == {PHONE}
    assert {each.pk: each.changed_at for each in Matter.objects.all()} == changed
    assert rotated()["complaints.Matter.contact"] == (0, 8, 0), "twice does nothing"


def test_interrupted_it_goes_on_where_it_was(
    old_ones: list[Matter], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def stops(token: str) -> str:
        if len(done) == 10:  # in the middle of the second field
            raise KeyboardInterrupt
        done.append(token)
        return keys.renewed(token)

    with monkeypatch.context() as patch:
        patch.setattr(field_keys, "renewed", stops)
        with pytest.raises(KeyboardInterrupt):
            rotated()
    assert {read(each) for each in old_ones} == {PHONE}, "half way everything can be read"
    assert sum(newest_opens_or_not(each) for each in old_ones) == 3
    assert rotated()["complaints.Matter.contact"] == (4, 3, 0)
    assert all(newest_opens(each, NEW) for each in old_ones)


def newest_opens_or_not(matter: Matter) -> bool:
    return keys.renewed(stored(matter)) == stored(matter)


def test_what_somebody_writes_meanwhile_is_theirs(
    old_ones: list[Matter], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = old_ones[0]

    def overtaken(token: str) -> str:
        if token == stored(first):
            Matter.objects.filter(pk=first.pk).update(contact="another")
        return keys.renewed(token)

    monkeypatch.setattr(field_keys, "renewed", overtaken)
    rotated()
    assert read(first) == "another"


def test_where_a_key_is_missing_the_command_says_so_and_does_the_rest(
    cast: Cast, old_ones: list[Matter], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HALL_FIELD_KEYS = [LOST]
    lost = put_in(cast)
    before = stored(lost)
    settings.HALL_FIELD_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="A key is missing"):
        call_command("rotate_keys")
    assert f"no key opens 1, the first in row {lost.pk}" in capsys.readouterr().out
    assert stored(lost) == before
    assert all(newest_opens(each, NEW) for each in old_ones)
