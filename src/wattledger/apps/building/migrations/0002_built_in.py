"""What every site has: itself, the revision of its configuration, usages and energy sources."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

USAGES = (
    "heating",
    "lighting",
    "socket",
    "hvac",
    "process",
    "motor",
    "appliance",
    "hot_water",
    "ventilation",
    "air_conditioning",
)
CUSTOM_USAGES = 5
SOURCES = ("main_grid", "wind", "solar", "generator_set", "biomass")


def create(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("building", "Site").objects.create(pk=1)
    apps.get_model("building", "Revision").objects.create(pk=1)
    usage = apps.get_model("building", "Usage")
    usage.objects.bulk_create(usage(code=code, built_in=True) for code in USAGES)
    usage.objects.bulk_create(usage(code=f"custom_{number}") for number in range(1, CUSTOM_USAGES + 1))
    source = apps.get_model("building", "EnergySource")
    source.objects.bulk_create(source(code=code) for code in SOURCES)


class Migration(migrations.Migration):
    dependencies = [("building", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
