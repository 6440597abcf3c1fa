"""The users that every server has."""

from django.apps.registry import Apps
from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def create(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    user = apps.get_model("accounts", "User")
    user.objects.create(
        identifier="admin",
        name="Administrator",
        profile="administrator",
        built_in=True,
        password=make_password("admin"),  # known to everybody, so it must be changed before anything else
        must_change_password=True,
    )
    user.objects.create(
        identifier="integrator",
        name="Integrator",
        profile="administrator",
        built_in=True,
        enabled=False,
        password=make_password(None),  # none fits until the super admin sets one
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
