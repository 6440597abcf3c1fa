import uuid
from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("building", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("modbus-tcp", "Modbus Tcp")], default="modbus-tcp", max_length=16)),
                ("name", models.CharField(max_length=100, unique=True)),
                ("host", models.CharField(max_length=253)),
                ("port", models.PositiveIntegerField(default=502)),
                ("security", models.CharField(choices=[("clear", "Clear")], default="clear", max_length=16)),
                ("timeout_s", models.FloatField(default=1.0)),
                ("retries", models.PositiveSmallIntegerField(default=1)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["modbus-tcp"])), name="bus_kind_known"),
                    models.CheckConstraint(condition=models.Q(("security__in", ["clear"])), name="bus_security_known"),
                    models.CheckConstraint(condition=models.Q(("port__range", (1, 65535))), name="bus_port"),
                    models.CheckConstraint(condition=models.Q(("timeout_s__range", (0.25, 10.0))), name="bus_timeout"),
                    models.CheckConstraint(condition=models.Q(("retries__lte", 5)), name="bus_retries"),
                    models.UniqueConstraint(fields=("host", "port"), name="bus_address_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("unit_id", models.PositiveSmallIntegerField()),
                ("profile", models.CharField(max_length=100)),
                ("product", models.CharField(max_length=100)),
                ("enabled", models.BooleanField(default=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("retired", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "bus",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="devices",
                        to="devices.bus",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Circuit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("channel", models.PositiveSmallIntegerField(default=1)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="circuits", to="devices.device"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("serial", models.CharField(blank=True, max_length=100)),
                ("ratio", models.FloatField(default=1.0)),
                ("modulus", models.FloatField(null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="installations", to="devices.device"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecordingInterval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("energy", "energy"),
                            ("power", "power"),
                            ("current", "current"),
                            ("voltage", "voltage"),
                            ("frequency", "frequency"),
                            ("power_factor", "power_factor"),
                            ("distortion", "distortion"),
                            ("fluid", "fluid"),
                            ("temperature", "temperature"),
                            ("environment", "environment"),
                            ("state", "state"),
                            ("other", "other"),
                        ],
                        max_length=16,
                        unique=True,
                    ),
                ),
                ("minutes", models.PositiveSmallIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "energy",
                                    "power",
                                    "current",
                                    "voltage",
                                    "frequency",
                                    "power_factor",
                                    "distortion",
                                    "fluid",
                                    "temperature",
                                    "environment",
                                    "state",
                                    "other",
                                ],
                            )
                        ),
                        name="interval_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minutes__in", (1, 5, 10, 15, 20, 30, 50, 60))), name="interval_offered"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("quantity", models.CharField(max_length=64)),
                ("direction", models.CharField(blank=True, max_length=8)),
                ("phase", models.CharField(blank=True, max_length=8)),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "aggregate",
                    models.CharField(
                        choices=[("last", "last"), ("mean", "mean"), ("min", "min"), ("max", "max")], max_length=8
                    ),
                ),
                ("decimals", models.SmallIntegerField()),
                ("recorded", models.BooleanField(default=True)),
                (
                    "circuit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="series", to="devices.circuit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InstallationIndex",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_index", models.FloatField(null=True)),
                ("final_index", models.FloatField(null=True)),
                (
                    "installation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="indexes", to="devices.installation"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="devices.series"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CircuitAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "valid_from",
                    models.DateTimeField(default=datetime(1970, 1, 1, 0, 0, tzinfo=UTC)),
                ),
                ("activity", models.CharField(blank=True, max_length=100)),
                ("limit_a", models.FloatField(null=True)),
                ("limit_w", models.FloatField(null=True)),
                (
                    "circuit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="assignments", to="devices.circuit"
                    ),
                ),
                (
                    "fed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feeds",
                        to="devices.circuit",
                    ),
                ),
                (
                    "landmark",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="building.landmark",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="building.energysource",
                    ),
                ),
                (
                    "switchboard",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="building.switchboard",
                    ),
                ),
                (
                    "usage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="building.usage",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="building.zone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("circuit", "valid_from"), name="assignment_day_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fed_by__isnull", True),
                            models.Q(("fed_by", models.F("circuit")), _negated=True),
                            _connector="OR",
                        ),
                        name="assignment_not_fed_by_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("limit_a__isnull", True), ("limit_a__gt", 0), _connector="OR"),
                            models.Q(("limit_w__isnull", True), ("limit_w__gt", 0), _connector="OR"),
                        ),
                        name="assignment_limits_positive",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired__isnull", True)), fields=("name",), name="device_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired__isnull", True)), fields=("bus", "unit_id"), name="device_unit_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("bus__isnull", False), ("retired__isnull", False), _connector="OR"),
                name="device_has_bus",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(condition=models.Q(("unit_id__range", (0, 255))), name="device_unit_id"),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.UniqueConstraint(fields=("device", "channel"), name="circuit_channel_unique"),
        ),
        migrations.AddConstraint(
            model_name="circuit",
            constraint=models.CheckConstraint(condition=models.Q(("channel__gte", 1)), name="circuit_channel_from_1"),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)), fields=("device",), name="installation_one_present"
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__isnull", True), ("until__gt", models.F("since")), _connector="OR"),
                name="installation_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(condition=models.Q(("ratio__gt", 0)), name="installation_ratio_positive"),
        ),
        migrations.AddConstraint(
            model_name="installation",
            constraint=models.CheckConstraint(
                condition=models.Q(("modulus__isnull", True), ("modulus__gt", 0), _connector="OR"),
                name="installation_modulus_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(
                fields=("circuit", "quantity", "direction", "phase", "order", "aggregate"),
                name="series_identity_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(("aggregate__in", ["last", "mean", "min", "max"])), name="series_aggregate_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(condition=models.Q(("decimals__range", (-9, 9))), name="series_decimals"),
        ),
        migrations.AddConstraint(
            model_name="installationindex",
            constraint=models.UniqueConstraint(fields=("installation", "series"), name="installation_index_unique"),
        ),
    ]
