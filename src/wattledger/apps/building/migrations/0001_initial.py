import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="EnergySource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Landmark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("retired", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("changed", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="revision_only_one")],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("server", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("name", models.CharField(blank=True, max_length=100)),
                ("description", models.TextField(blank=True, max_length=2000)),
                ("address", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("country", models.CharField(blank=True, max_length=100)),
                ("latitude", models.FloatField(null=True)),
                ("longitude", models.FloatField(null=True)),
                ("installed_on", models.DateField(null=True)),
                ("zone", models.CharField(default="UTC", max_length=64)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="site_only_one"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                            models.Q(
                                ("latitude__isnull", False),
                                ("latitude__range", (-90, 90)),
                                ("longitude__isnull", False),
                                ("longitude__range", (-180, 180)),
                            ),
                            _connector="OR",
                        ),
                        name="site_position_on_earth",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(blank=True, max_length=100)),
                ("description", models.TextField(blank=True, max_length=2000)),
                ("built_in", models.BooleanField(default=False)),
                ("retired", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("built_in", False), ("name", ""), _connector="OR"),
                        name="usage_built_in_unnamed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("built_in", False), ("retired", False), _connector="OR"),
                        name="usage_built_in_stays",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Zone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=2000)),
                (
                    "kind",
                    models.CharField(
                        choices=[("building", "Building"), ("floor", "Floor"), ("room", "Room")], max_length=8
                    ),
                ),
                ("area_m2", models.FloatField(null=True)),
                (
                    "building_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("commercial", "Commercial"),
                            ("industrial", "Industrial"),
                            ("infrastructure", "Infrastructure"),
                        ],
                        max_length=14,
                    ),
                ),
                ("retired", models.BooleanField(default=False)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="building.zone"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Switchboard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=2000)),
                ("retired", models.BooleanField(default=False)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="switchboards", to="building.zone"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["building", "floor", "room"])), name="zone_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "building"), ("parent__isnull", True)),
                    models.Q(models.Q(("kind", "building"), _negated=True), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="zone_only_buildings_on_top",
            ),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True), models.Q(("parent", models.F("pk")), _negated=True), _connector="OR"
                ),
                name="zone_not_in_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(("area_m2__isnull", True), ("area_m2__gt", 0), _connector="OR"),
                name="zone_area_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("building_type", ""),
                    models.Q(
                        ("building_type__in", ["commercial", "industrial", "infrastructure"]), ("kind", "building")
                    ),
                    _connector="OR",
                ),
                name="zone_type_of_buildings",
            ),
        ),
    ]
