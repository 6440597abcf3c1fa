import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0004_secured_connections"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeviceInput",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pulse", "Pulse"),
                            ("state", "State"),
                            ("analog", "Analog"),
                            ("temperature", "Temperature"),
                        ],
                        max_length=16,
                    ),
                ),
                ("measures", models.CharField(max_length=100)),
                ("unit", models.CharField(blank=True, max_length=16)),
                ("amount", models.FloatField(null=True)),
                ("offset", models.FloatField(null=True)),
                ("debounce_ms", models.PositiveSmallIntegerField(null=True)),
                ("inverted", models.BooleanField(null=True)),
                ("at_4ma", models.FloatField(null=True)),
                ("at_20ma", models.FloatField(null=True)),
                ("lead_ohm", models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OutputSetting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("analog_output_v", models.FloatField(default=0.0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_fields_fit_kind",
        ),
        migrations.AlterField(
            model_name="bus",
            name="kind",
            field=models.CharField(
                choices=[("modbus-tcp", "Modbus Tcp"), ("modbus-rtu", "Modbus Rtu"), ("local-io", "Local Io")],
                default="modbus-tcp",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["modbus-tcp", "modbus-rtu", "local-io"])), name="bus_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("host", ""), _negated=True),
                        ("baudrate__isnull", True),
                        ("device_file", ""),
                        ("echo", False),
                        ("kind", "modbus-tcp"),
                        ("parity", ""),
                        ("port__isnull", False),
                        ("stop_bits__isnull", True),
                    ),
                    models.Q(
                        ("baudrate__isnull", False),
                        ("device_file__startswith", "/dev/"),
                        ("host", ""),
                        ("in_flight", 1),
                        ("kind", "modbus-rtu"),
                        ("parity__in", ["none", "even", "odd"]),
                        ("port__isnull", True),
                        ("security", "clear"),
                    ),
                    models.Q(
                        ("baudrate__isnull", True),
                        ("device_file", ""),
                        ("echo", False),
                        ("host", ""),
                        ("in_flight", 1),
                        ("kind", "local-io"),
                        ("parity", ""),
                        ("port__isnull", True),
                        ("security", "clear"),
                        ("stop_bits__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="bus_fields_fit_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "local-io")), fields=("kind",), name="bus_local_only_one"
            ),
        ),
        migrations.AddField(
            model_name="deviceinput",
            name="device",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="devices.device"
            ),
        ),
        migrations.AddConstraint(
            model_name="outputsetting",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="output_setting_only_one"),
        ),
        migrations.AddConstraint(
            model_name="outputsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("analog_output_v__range", (0.0, 10.0))), name="output_setting_voltage"
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pulse", "state", "analog", "temperature"])), name="input_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(("measures", ""), _negated=True), name="input_measures_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(
                            ("amount__isnull", False),
                            ("at_20ma__isnull", True),
                            ("at_4ma__isnull", True),
                            ("debounce_ms__isnull", False),
                            ("inverted__isnull", False),
                            ("lead_ohm__isnull", True),
                            ("offset__isnull", False),
                        ),
                        ("kind", "pulse"),
                    ),
                    models.Q(
                        models.Q(
                            ("amount__isnull", True),
                            ("at_20ma__isnull", True),
                            ("at_4ma__isnull", True),
                            ("debounce_ms__isnull", False),
                            ("inverted__isnull", False),
                            ("lead_ohm__isnull", True),
                            ("offset__isnull", True),
                        ),
                        ("kind", "state"),
                        ("unit", ""),
                    ),
                    models.Q(
                        models.Q(
                            ("amount__isnull", True),
                            ("at_20ma__isnull", False),
                            ("at_4ma__isnull", False),
                            ("debounce_ms__isnull", True),
                            ("inverted__isnull", True),
                            ("lead_ohm__isnull", True),
                            ("offset__isnull", True),
                        ),
                        ("kind", "analog"),
                    ),
                    models.Q(
                        models.Q(
                            ("amount__isnull", True),
                            ("at_20ma__isnull", True),
                            ("at_4ma__isnull", True),
                            ("debounce_ms__isnull", True),
                            ("inverted__isnull", True),
                            ("lead_ohm__isnull", False),
                            ("offset__isnull", True),
                        ),
                        ("kind", "temperature"),
                        ("unit", ""),
                    ),
                    _connector="OR",
                ),
                name="input_fields_fit_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__isnull", True), ("amount__gt", 0), _connector="OR"),
                name="input_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(("debounce_ms__isnull", True), ("debounce_ms__lte", 1000), _connector="OR"),
                name="input_debounce",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("at_4ma__isnull", True), models.Q(("at_4ma", models.F("at_20ma")), _negated=True), _connector="OR"
                ),
                name="input_ends_differ",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceinput",
            constraint=models.CheckConstraint(
                condition=models.Q(("lead_ohm__isnull", True), ("lead_ohm__range", (0.0, 100.0)), _connector="OR"),
                name="input_lead",
            ),
        ),
    ]
